#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "text/pretoken_cache.hpp"
#include "text/vocabulary.hpp"

namespace reranker::text {

/// WordPiece encoding of one word, as the WordPiece model of Hugging Face `tokenizers` does it: the
/// longest token that the word starts with, then the longest that continues it, and so on; the
/// unknown token alone where there is none, or where the word is too long.
class WordPiece {
 public:
  struct Options {
    TokenId unknown = kNoToken;
    std::size_t max_word_chars = 100;
    std::string_view continuing_prefix = "##";  // of tokens that continue a word
  };

  WordPiece(Vocabulary vocabulary, const Options& options);

  std::size_t vocabulary_size() const { return whole_.size(); }
  TokenId unknown() const { return unknown_; }
  std::size_t max_word_chars() const { return max_word_chars_; }

  /// Appends the ids of `word`, which is not empty.
  void encode(std::string_view word, PretokenCache& cache, std::vector<TokenId>& ids) const;

  /// How many bytes of its word an id stands for, if it is the word's first or one behind it. Not
  /// for the unknown token, which stands for all of its word.
  std::size_t first_bytes(TokenId id) const { return whole_.bytes(id).size(); }
  std::size_t next_bytes(TokenId id) const { return whole_.bytes(id).size() - prefix_bytes_; }

 private:
  void encode_uncached(std::string_view word, std::vector<TokenId>& ids) const;

  Vocabulary whole_;       // tokens as they start a word
  Vocabulary continuing_;  // those that continue one, without the prefix
  TokenId unknown_;
  std::size_t max_word_chars_;
  std::size_t prefix_bytes_;
};

}  // namespace reranker::text
