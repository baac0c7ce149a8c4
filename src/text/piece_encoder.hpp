#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "text/bert_words.hpp"
#include "text/byte_bpe.hpp"
#include "text/encode_output.hpp"
#include "text/vocabulary.hpp"

namespace reranker::text {

/// What the encoders work in.
struct EncodeBuffers {
  BpeBuffers bpe;
  std::string prefixed;
  BertBuffers bert;

  /// Forgets the pretokens of another tokenizer.
  void clear_caches() {
    bpe.cache.clear();
    bert.cache.clear();
  }
};

/// Turns the text between added tokens into ids: a normalizer, a pre-tokenizer and a model, and the
/// added tokens that are looked for in normalised text. One class for each family of tokenizers.
class PieceEncoder {
 public:
  virtual ~PieceEncoder() = default;

  /// What Tokenizer::kind() says.
  virtual std::string_view kind() const = 0;

  virtual std::size_t vocabulary_size() const = 0;

  /// See Tokenizer::unknown().
  virtual TokenId unknown() const { return kNoToken; }

  /// See Tokenizer::splits_before_colon().
  virtual bool splits_before_colon() const = 0;

  /// Encodes `piece`, not empty, which begins at byte `begin` of the text, until `out` is full.
  virtual void encode(std::string_view piece, std::size_t begin, SpecialTokens mode,
                      EncodeBuffers& buffers, EncodeOutput& out) const = 0;
};

}  // namespace reranker::text
