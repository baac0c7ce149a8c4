#include "text/word_piece.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace reranker::text;

namespace {

using Ids = std::vector<TokenId>;

constexpr TokenId kUnknown = 0;

// Token 0 is the unknown one, the others follow in their order.
WordPiece make(const std::vector<std::string>& tokens, std::string_view prefix = "##",
               std::size_t max_word_chars = 100) {
  Vocabulary vocabulary(tokens.size() + 1);
  vocabulary.set(kUnknown, "[UNK]", true);
  for (std::size_t i = 0; i < tokens.size(); ++i)
    vocabulary.set(static_cast<TokenId>(i + 1), tokens[i], true);
  WordPiece::Options options;
  options.unknown = kUnknown;
  options.continuing_prefix = prefix;
  options.max_word_chars = max_word_chars;
  return WordPiece(std::move(vocabulary), options);
}

Ids encode(const WordPiece& model, std::string_view word) {
  PretokenCache cache;
  Ids ids, again;
  model.encode(word, cache, ids);
  model.encode(word, cache, again);
  CHECK(ids == again);
  return ids;
}

}  // namespace

TEST_CASE("wordpiece takes the longest token first, then the longest that continues",
          "[word_piece]") {
  const WordPiece model = make({"un", "unaff", "##aff", "##able", "##a", "##ble"});
  CHECK(encode(model, "unaffable") == Ids{2, 4});
  CHECK(encode(model, "unable") == Ids{1, 4});
  CHECK(encode(model, "unaaffa") == Ids{1, 5, 3, 5});
}

TEST_CASE("wordpiece takes the unknown token for a word that ends in none", "[word_piece]") {
  const WordPiece model = make({"ab", "##c", "a"});
  CHECK(encode(model, "abc") == Ids{1, 2});
  CHECK(encode(model, "abd") == Ids{kUnknown});
  CHECK(encode(model, "ac") == Ids{3, 2});
  CHECK(encode(model, "c") == Ids{kUnknown});
  CHECK(encode(model, "acb") == Ids{kUnknown});
}

TEST_CASE("wordpiece counts a word's characters, not its bytes", "[word_piece]") {
  const WordPiece model = make({"\u00e4", "##\u00e4"}, "##", 3);
  CHECK(encode(model, "\u00e4\u00e4\u00e4") == Ids{1, 2, 2});
  CHECK(encode(model, "\u00e4\u00e4\u00e4\u00e4") == Ids{kUnknown});
}

TEST_CASE("wordpiece reads other prefixes, and none", "[word_piece]") {
  CHECK(encode(make({"a", "@b"}, "@"), "ab") == Ids{1, 2});
  CHECK(encode(make({"a", "b"}, ""), "aba") == Ids{1, 2, 1});
}

TEST_CASE("wordpiece finds no token in the prefix itself", "[word_piece]") {
  const WordPiece model = make({"a", "##", "##b"});
  CHECK(encode(model, "ab") == Ids{1, 3});
  CHECK(encode(model, "##b") == Ids{3});
  CHECK(encode(model, "##a") == Ids{kUnknown});
}

TEST_CASE("wordpiece knows how much of a word its tokens stand for", "[word_piece]") {
  const WordPiece model = make({"ab", "##cde"});
  CHECK(model.first_bytes(1) == 2);
  CHECK(model.next_bytes(2) == 3);
}
