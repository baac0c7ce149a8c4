#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/added_tokens.hpp"
#include "text/json.hpp"
#include "text/vocabulary.hpp"

namespace reranker::text {

/// How a tokenizer.json writes a token.
enum class Spelling {
  plain,          // as it is
  byte_alphabet,  // each byte as a character: byte_alphabet.hpp
};

/// The tokens of "model.vocab", by the text that the file has for them. Throws Error:
/// model_invalid, unless the ids are 0 to n - 1, each once.
class TokenReader {
 public:
  TokenReader(const Json& vocab, std::size_t num_added, Spelling spelling);

  const Vocabulary& vocabulary() const { return vocabulary_; }

  /// The id of a token; kNoToken if the vocabulary does not hold it.
  TokenId find(std::string_view text);

  /// Gives away the vocabulary, made longer by the added tokens that it does not hold.
  Vocabulary with_added(const std::vector<AddedToken>& added, const Json& file);

 private:
  void add(std::string_view text, TokenId id);
  // Puts the bytes that the text stands for into bytes_; false if it stands for none.
  bool spells(std::string_view text);

  Json json_;
  Spelling spelling_;
  std::size_t num_tokens_;
  Vocabulary vocabulary_;
  std::unordered_map<std::string, TokenId> unspelled_;
  std::string bytes_;
};

}  // namespace reranker::text
