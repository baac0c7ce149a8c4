#include "text/word_piece.hpp"

#include <algorithm>
#include <utility>

#include "text/decode.hpp"

namespace reranker::text {
namespace {

std::size_t count_chars(std::string_view utf8) {
  return std::count_if(utf8.begin(), utf8.end(),
                       [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

struct Piece {
  TokenId id;
  std::size_t bytes;
};

// The longest token at the start of `text`; kNoToken if there is none.
Piece longest(const Vocabulary& tokens, std::string_view text) {
  std::size_t bytes = std::min(text.size(), tokens.max_bytes());
  for (; bytes > 0; --bytes) {
    const TokenId id = tokens.find(text.substr(0, bytes));
    if (id != kNoToken) return {id, bytes};
  }
  return {kNoToken, 0};
}

Vocabulary continuing(const Vocabulary& whole, std::string_view prefix) {
  Vocabulary result(whole.size());
  for (std::size_t i = 0; i < whole.size(); ++i) {
    const auto id = static_cast<TokenId>(i);
    const std::string_view token = whole.bytes(id);
    if (token.substr(0, prefix.size()) == prefix)
      result.set(id, token.substr(prefix.size()), whole.find(token) == id);
  }
  return result;
}

}  // namespace

WordPiece::WordPiece(Vocabulary vocabulary, const Options& options)
    : whole_(std::move(vocabulary)),
      continuing_(continuing(whole_, options.continuing_prefix)),
      unknown_(options.unknown),
      max_word_chars_(options.max_word_chars),
      prefix_bytes_(options.continuing_prefix.size()) {}

void WordPiece::encode(std::string_view word, PretokenCache& cache,
                       std::vector<TokenId>& ids) const {
  cache.append(word, ids, [&] { encode_uncached(word, ids); });
}

void WordPiece::encode_uncached(std::string_view word, std::vector<TokenId>& ids) const {
  if (count_chars(word) > max_word_chars_) return ids.push_back(unknown_);
  const std::size_t begin = ids.size();
  const Vocabulary* tokens = &whole_;
  while (!word.empty()) {
    const Piece piece = longest(*tokens, word);
    if (piece.id == kNoToken) {
      ids.resize(begin);
      return ids.push_back(unknown_);
    }
    ids.push_back(piece.id);
    word.remove_prefix(piece.bytes);
    tokens = &continuing_;
  }
}

}  // namespace reranker::text
