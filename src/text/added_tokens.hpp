#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer.hpp"

namespace reranker::text {

/// An entry of "added_tokens" in tokenizer.json.
struct AddedToken {
  TokenId id = 0;
  std::string content;
  bool special = false;
  bool normalized = false;   // looked for behind the others, in normalised text
  bool single_word = false;  // not where a word character touches it
  bool lstrip = false;       // takes the white space before it along
  bool rstrip = false;       // and behind it
};

/// Finds the leftmost of some strings in a text, of those the longest.
class StringTrie {
 public:
  /// `value`: what find() gives for `text`, which is not empty.
  void insert(std::string_view text, std::size_t value);

  struct Match {
    std::size_t begin, end, value;
  };

  /// The leftmost match from `from` on; of those the longest.
  std::optional<Match> find(std::string_view text, std::size_t from) const;

 private:
  struct Node {
    char byte;
    std::int32_t child = -1, sibling = -1;  // indices of nodes
    std::int64_t value = -1;
  };

  std::int32_t step(std::int32_t first, char byte) const;
  std::optional<Match> longest_at(std::string_view text, std::size_t begin) const;

  std::vector<Node> nodes_;
  std::array<std::int32_t, 256> roots_ = filled_roots();

  static std::array<std::int32_t, 256> filled_roots();
};

/// One walk through a text: gives its pieces in order, text between added tokens and the tokens
/// themselves. What it is given must outlive it.
class AddedTokenWalk {
 public:
  struct Piece {
    std::string_view text;
    const AddedToken* token;  // nullptr: ordinary text, not empty
  };

  AddedTokenWalk(std::string_view text, const std::vector<AddedToken>& tokens,
                 const StringTrie& trie, SpecialTokens mode)
      : text_(text), tokens_(tokens), trie_(trie), mode_(mode) {}

  std::optional<Piece> next();

 private:
  bool accepts(const AddedToken& token, const StringTrie::Match& match) const;
  std::optional<Piece> next_token();
  std::size_t blank_end(std::size_t at);

  std::string_view text_;
  const std::vector<AddedToken>& tokens_;
  const StringTrie& trie_;
  SpecialTokens mode_;
  std::size_t searched_ = 0;   // matches start from here on
  std::size_t given_ = 0;      // pieces start from here on
  std::size_t blank_end_ = 0;  // of the last white space that was walked; from its start on
  std::optional<Piece> held_;
};

/// Some of a tokenizer's added tokens, found in text as Hugging Face `tokenizers` finds them:
/// those that are not normalized in the text as it is, the rest in what they left between.
class AddedTokens {
 public:
  explicit AddedTokens(std::vector<AddedToken> tokens);

  bool empty() const { return tokens_.empty(); }

  /// Calls visit(text, token) for each piece in order until it returns false.
  template <typename Visit>
  void for_each_piece(std::string_view text, SpecialTokens mode, Visit&& visit) const {
    AddedTokenWalk pieces(text, tokens_, trie_, mode);
    while (const auto piece = pieces.next())
      if (!visit(piece->text, piece->token)) return;
  }

  /// Whether ':' behind a letter may be part of a token that starts before it, or may be read
  /// in another way than at the start of a text.
  bool may_straddle_colon() const;

 private:
  std::vector<AddedToken> tokens_;
  StringTrie trie_;
};

}  // namespace reranker::text
