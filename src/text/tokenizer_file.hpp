#pragma once

#include <string_view>
#include <vector>

#include "text/added_tokens.hpp"
#include "text/byte_bpe.hpp"
#include "text/json.hpp"
#include "text/pretokenizer.hpp"

/// The parts of a tokenizer.json, each from its own member. What a part says that we do not do
/// is an Error: unsupported, by name; what cannot be, model_invalid.
namespace reranker::text {

/// "model", its vocabulary made longer by the added tokens that it does not hold.
ByteBpe read_model(const Json& file, const std::vector<AddedToken>& added_tokens);

/// "added_tokens", none if the member is missing.
std::vector<AddedToken> read_added_tokens(const Json& file);

struct PretokenizerSettings {
  std::string_view kind;  // what Tokenizer::kind() says
  Pattern pattern;
  ClassSource classes;
  bool add_prefix_space = false;  // a piece of text that does not start with a space gets one
};

/// "pre_tokenizer".
PretokenizerSettings read_pre_tokenizer(const Json& file);

/// What goes before and after a single sequence.
struct Template {
  std::vector<TokenId> prefix, suffix;
};

/// "post_processor", empty if there is none.
Template read_post_processor(const Json& file, std::size_t vocabulary_size);

/// Throws unless "normalizer" leaves text as it is.
void check_normalizer(const Json& file);

}  // namespace reranker::text
