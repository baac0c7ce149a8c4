#include "text/added_tokens.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace reranker;
using namespace reranker::text;

namespace {

AddedToken token(TokenId id, std::string content) {
  AddedToken result;
  result.id = id;
  result.content = std::move(content);
  return result;
}

AddedToken special(TokenId id, std::string content) {
  AddedToken result = token(id, std::move(content));
  result.special = true;
  return result;
}

// The pieces, text as it is and tokens as [id:text].
std::string pieces(const std::vector<AddedToken>& tokens, std::string_view text,
                   SpecialTokens mode = SpecialTokens::match) {
  std::string result;
  AddedTokens(tokens).for_each_piece(
      text, mode, [&](std::string_view piece, const AddedToken* found) {
        if (!result.empty()) result += '|';
        if (found == nullptr)
          result += piece;
        else
          result += "[" + std::to_string(found->id) + ":" + std::string(piece) + "]";
        return true;
      });
  return result;
}

/// Takes the white space on its left ("l"), right ("r") or both ("lr") along.
AddedToken stripping(const std::string& sides, TokenId id, const std::string& content) {
  AddedToken stripped = token(id, content);
  stripped.lstrip = sides.find('l') != std::string::npos;
  stripped.rstrip = sides.find('r') != std::string::npos;
  return stripped;
}

}  // namespace

TEST_CASE("added tokens: the leftmost is found, and of those the longest", "[added_tokens]") {
  const std::vector<AddedToken> tokens = {token(1, "ab"), token(2, "abcd"), token(3, "bcde")};
  CHECK(pieces(tokens, "xabcdex") == "x|[2:abcd]|ex");
  CHECK(pieces(tokens, "abcx") == "[1:ab]|cx");
  CHECK(pieces(tokens, "bcde") == "[3:bcde]");
  CHECK(pieces(tokens, "abab") == "[1:ab]|[1:ab]");
  CHECK(pieces(tokens, "").empty());
}

TEST_CASE("added tokens that are special are text if plain is asked for", "[added_tokens]") {
  const std::vector<AddedToken> tokens = {special(1, "<s>"), token(2, "word")};
  CHECK(pieces(tokens, "a<s>word", SpecialTokens::plain) == "a<s>|[2:word]");
  CHECK(pieces(tokens, "a<s>word") == "a|[1:<s>]|[2:word]");
}

TEST_CASE("added tokens take white space along", "[added_tokens]") {
  const std::vector<AddedToken> tokens = {stripping("l", 1, "<l>"), stripping("r", 2, "<r>")};
  CHECK(pieces(tokens, "a \xE3\x80\x80<l> b") == "a|[1: \xE3\x80\x80<l>]| b");
  CHECK(pieces(tokens, "a <r> \n") == "a |[2:<r> \n]");
  CHECK(pieces(tokens, "<r> <l>") == "[2:<r> ]|[1:<l>]");
}

TEST_CASE("an added token whose white space is taken is none", "[added_tokens]") {
  CHECK(pieces({stripping("r", 1, "<r>"), stripping("l", 2, " ")}, "<r> b") == "[1:<r> ]|b");
  CHECK(pieces({stripping("lr", 2, " ")}, " \n ") == "[2: \n ]");
}

TEST_CASE("tokens of white space take a run's rest, or nothing before them", "[added_tokens]") {
  CHECK(pieces({stripping("r", 1, "\n")}, "\n\n\na\n") == "[1:\n\n\n]|[1:\n\n]|[1:\n]|a|[1:\n]");
  CHECK(pieces({stripping("l", 1, "\n")}, "\n\n\na \n") == "[1:\n]|[1:\n]|[1:\n]|a|[1: \n]");
}

TEST_CASE("added tokens that are single words touch no word character", "[added_tokens]") {
  AddedToken word = token(1, "word");
  word.single_word = true;
  CHECK(pieces({word}, "word, word!") == "[1:word]|, |[1:word]|!");
  CHECK(pieces({word}, "words sword _word") == "words sword _word");
  CHECK(pieces({word}, "\xC3\xA9word") == "\xC3\xA9word");
}

TEST_CASE("added tokens may straddle a colon only if they hold one behind a character",
          "[added_tokens]") {
  CHECK_FALSE(AddedTokens({special(1, "<s>"), token(2, ":)")}).may_straddle_colon());
  CHECK(AddedTokens({token(1, "e:")}).may_straddle_colon());
  AddedToken word = token(1, ":x");
  word.single_word = true;
  CHECK(AddedTokens({word}).may_straddle_colon());
}
