#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "text/added_tokens.hpp"
#include "text/byte_level.hpp"
#include "text/json.hpp"
#include "text/piece_encoder.hpp"
#include "text/tokenizer.hpp"

/// The parts of a tokenizer.json, each from its own member. What a part says that we do not do
/// is an Error: unsupported, by name; what cannot be, model_invalid.
namespace reranker::text {

/// "added_tokens", none if the member is missing.
std::vector<AddedToken> read_added_tokens(const Json& file);

/// "normalizer", "pre_tokenizer" and "model", of the family that the model's type names.
std::unique_ptr<const PieceEncoder> read_encoder(const Json& file,
                                                 const std::vector<AddedToken>& added_tokens);
std::unique_ptr<const PieceEncoder> read_byte_level(const Json& file,
                                                    const std::vector<AddedToken>& added_tokens);
std::unique_ptr<const PieceEncoder> read_bert(const Json& file,
                                              const std::vector<AddedToken>& added_tokens);

/// "pre_tokenizer", of the byte-level family.
PretokenizerSettings read_pre_tokenizer(const Json& file);

/// Throws unless "normalizer" leaves text as it is.
void check_normalizer(const Json& file);

/// What goes around a single sequence, and around a pair.
struct Templates {
  std::vector<TokenId> prefix, suffix;
  std::optional<PairTemplate> pair;
};

/// "post_processor", empty if there is none.
Templates read_post_processor(const Json& file, std::size_t vocabulary_size);

/// Throws unless `config`, a tokenizer_config.json, leaves what `file`, its added tokens and its
/// templates say.
void require_agreement(const NamedText& config, const Json& file,
                       const std::vector<AddedToken>& added, const Templates& templates);

/// Whether the model is WordPiece, not BPE.
bool is_word_piece(const Json& file);

/// The components of a normalizer or pre-tokenizer in the order in which they run: itself, or
/// those of a "Sequence", which has them in `member` and may hold sequences.
std::vector<Json> components(const Json& whole, std::string_view member);

/// The added tokens that are normalized, or those that are not.
std::vector<AddedToken> select(const std::vector<AddedToken>& tokens, bool normalized);

}  // namespace reranker::text
