#include "text/bert_normalizer.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace reranker::text;

namespace {

using Options = BertNormalizer::Options;

constexpr Options kClean{true, false, false, false};
constexpr Options kChinese{false, true, false, false};
constexpr Options kStrip{false, false, true, false};
constexpr Options kLower{false, false, false, true};
constexpr Options kAll{true, true, true, true};

NormalizedText normalized(Options options, std::string_view text) {
  NormalizedText result;
  BertNormalizer(options).normalize(text, result);
  return result;
}

std::string normalize(Options options, std::string_view text) {
  return normalized(options, text).text;
}

}  // namespace

TEST_CASE("normalising with no options leaves text as it is", "[bert_normalizer]") {
  const std::string text("\0 A\t\u00c9\u4f60\u200b\uac01", 16);
  CHECK(normalize({}, text) == text);
}

TEST_CASE("clean text has no control characters and one kind of space", "[bert_normalizer]") {
  CHECK(normalize(kClean, std::string_view("a\0b\x7F"
                                           "c\u200bd\u00ade\ufffd",
                                           16)) == "abcde");
  CHECK(normalize(kClean, "a\tb\nc\rd\u00a0e\u3000f\u2028g") == "a b c d e f g");
  CHECK(normalize(kClean, "\u00c9 A") == "\u00c9 A");
  CHECK(normalize(kClean,
                  "a\u0085"
                  "b\ue000") == "ab");  // a control character, and private use
}

TEST_CASE("Chinese characters get a space on either side", "[bert_normalizer]") {
  CHECK(normalize(kChinese, "a\u4f60\u597db") == "a \u4f60  \u597d b");
  CHECK(normalize(kChinese, "\u3042\uac00\u3002") == "\u3042\uac00\u3002");
}

TEST_CASE("accents are left out", "[bert_normalizer]") {
  CHECK(normalize(kStrip, "\u00c9t\u00e9 e\u0301 \u01ed \u0451") == "Ete e o \u0435");
  CHECK(normalize(kStrip, "\u00f8\u00df") == "\u00f8\u00df");  // no marks: they stay
  CHECK(normalize(kStrip, "\uac01") == "\u1100\u1161\u11a8");
  CHECK(normalize(kStrip, "\uac00") == "\u1100\u1161");
  CHECK(normalize(kStrip, "\u2260") == "=");
}

TEST_CASE("marks that stay are put in the order of NFD", "[bert_normalizer]") {
  // U+1D165 (class 216) goes before U+302E (224), past U+0301 (230), which is left out.
  CHECK(normalize(kStrip, "\u302e\u0301\U0001d165") == "\U0001d165\u302e");
  // Not past a character of class 0, even where that one is left out itself.
  CHECK(normalize(kStrip, "\u302ea\U0001d165") == "\u302ea\U0001d165");
  CHECK(normalize(kStrip, "\u302e\u0e31\U0001d165") == "\u302e\U0001d165");
  // Without strip_accents nothing moves.
  CHECK(normalize(kLower, "\u302e\U0001d165") == "\u302e\U0001d165");
}

TEST_CASE("lower case is a character's own, whatever stands beside it", "[bert_normalizer]") {
  CHECK(normalize(kLower, "\u00c9\u042f\u1e9e\u212a") == "\u00e9\u044f\u00dfk");
  CHECK(normalize(kLower, "\u0130") == "i\u0307");
  CHECK(normalize(kAll, "\u0130") == "i");
  CHECK(normalize(kLower, "\u039f\u03a3") == "\u03bf\u03c3");  // no final sigma
}

TEST_CASE("a normalised text knows where each byte comes from", "[bert_normalizer]") {
  using Begins = std::vector<std::size_t>;
  CHECK(normalized(kAll, "A\u00c9b").begins == Begins{0, 1, 3});
  CHECK(normalized(kAll, "\u200b \u4f60x").begins == Begins{3, 4, 4, 4, 4, 7, 7});
  CHECK(normalized(kStrip, "\uac00").begins == Begins(6, 0));
  // Places rise even where characters change theirs.
  CHECK(normalized(kStrip, "\u302e\U0001d165").begins == Begins{0, 0, 0, 0, 3, 3, 3});
}
