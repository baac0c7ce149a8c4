#include <algorithm>
#include <string>
#include <vector>

#include "encode.hpp"
#include "recorded.hpp"
#include "support/catch.hpp"

using namespace reranker;
using namespace reranker::text;

namespace {

std::vector<std::string> pretokens(const Tokenizer& tokenizer, std::string_view text) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (const Pretoken& pretoken : ends_of(tokenizer, text).pretokens) {
    parts.emplace_back(text.substr(begin, pretoken.end_byte - begin));
    begin = pretoken.end_byte;
  }
  return parts;
}

using Parts = std::vector<std::string>;

}  // namespace

TEST_CASE("bert cuts words at white space, punctuation and Chinese characters", "[bert]") {
  const Tokenizer tokenizer = recorded::tokenizer("bert");
  CHECK(pretokens(tokenizer, "the bees'  dance.") == Parts{"the", " bees", "'", "  dance", "."});
  CHECK(pretokens(tokenizer, "a\u4f60\u597db") == Parts{"a", "\u4f60", "\u597d", "b"});
  CHECK(pretokens(tokenizer, " a \n") == Parts{" a \n"});
  CHECK(pretokens(tokenizer, " \n").empty());
  CHECK(pretokens(tokenizer, "x[SEP] y ") == Parts{"x", "[SEP]", " y "});
}

TEST_CASE("bert leaves an accent with its letter", "[bert]") {
  const Tokenizer tokenizer = recorded::tokenizer("bert");
  CHECK(pretokens(tokenizer, "te\u0301 te\u0301!\u0301x") ==
        Parts{"te\u0301", " te\u0301", "!\u0301", "x"});
  const std::vector<std::size_t> tokens = ends_of(tokenizer, "beexe\u0301x").tokens;
  CHECK(tokens.back() == 8);
  CHECK(std::count(tokens.begin(), tokens.end(), 5) == 0);
}

TEST_CASE("bert's text may be cut at any end of a pretoken", "[bert]") {
  const std::string name = GENERATE("bert", "bert_cased");
  const Tokenizer tokenizer = recorded::tokenizer(name);
  for (const auto& c : recorded::cases(name)) {
    const Ids whole = encode(tokenizer, c.text);
    const Ends ends = ends_of(tokenizer, c.text);
    REQUIRE(ends.tokens.size() == whole.size());
    CHECK(std::is_sorted(ends.tokens.begin(), ends.tokens.end()));
    if (!whole.empty()) CHECK(ends.pretokens.back().end_byte == c.text.size());
    // Some added tokens see what stands beside them: they are another test's matter.
    if (name == "bert_cased") continue;
    for (const Pretoken& end : ends.pretokens) {
      CAPTURE(c.text, end.end_byte);
      Ids parts = encode(tokenizer, c.text.substr(0, end.end_byte));
      CHECK(parts.size() == end.end_token);
      const Ids rest = encode(tokenizer, c.text.substr(end.end_byte));
      parts.insert(parts.end(), rest.begin(), rest.end());
      CHECK(parts == whole);
    }
  }
}

TEST_CASE("bert finds added tokens in normalised text where they say so", "[bert]") {
  const Tokenizer tokenizer = recorded::tokenizer("bert_cased");
  // "\u00e9t\u00e9" is one of them, a single word, and loses its accents as the text does.
  const TokenId summer = encode(tokenizer, "\u00e9t\u00e9").at(0);
  CHECK(encode(tokenizer, "ete") == Ids{summer});
  CHECK(encode(tokenizer, "e\u0301te\u0301") == Ids{summer});
  CHECK(encode(tokenizer, "\u00e9t\u00e9s") != Ids{summer});
  CHECK(pretokens(tokenizer, "a e\u0301te\u0301, b") == Parts{"a", " e\u0301te\u0301", ",", " b"});
}

TEST_CASE("bert reads special tokens as text if plain is asked for", "[bert]") {
  const Tokenizer tokenizer = recorded::tokenizer("bert");
  CHECK(encode(tokenizer, "[SEP]") == tokenizer.suffix());
  CHECK(encode(tokenizer, "[SEP]", SpecialTokens::plain).size() > 1);
}

TEST_CASE("bert reads words of any length", "[bert]") {
  const Tokenizer tokenizer = recorded::tokenizer("bert");
  const TokenId unknown = encode(tokenizer, "[UNK]").at(0);
  CHECK(encode(tokenizer, std::string(100, 'a')).size() > 1);
  CHECK(encode(tokenizer, std::string(101, 'a')) == Ids{unknown});
  CHECK(ends_of(tokenizer, std::string(1'000'000, 'a') + " a").tokens ==
        std::vector<std::size_t>{1'000'000, 1'000'002});
}
