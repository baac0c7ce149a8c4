#include "text/utf8.hpp"

#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"

using namespace reranker::text;
using std::string;

namespace {

const string kBad = "\xEF\xBF\xBD";  // U+FFFD

string repaired(std::string_view text) {
  return std::string(RepairedText(text).text());
}

}  // namespace

TEST_CASE("valid_utf8 takes every length of character and NUL", "[utf8]") {
  CHECK(valid_utf8(""));
  CHECK(valid_utf8("plain words, longer than one machine word"));
  CHECK(valid_utf8(std::string_view("a\0b", 3)));
  CHECK(valid_utf8("\xC2\x80 \xDF\xBF"));
  CHECK(valid_utf8("\xE0\xA0\x80 \xED\x9F\xBF \xEE\x80\x80 \xEF\xBF\xBF"));
  CHECK(valid_utf8("\xF0\x90\x80\x80 \xF4\x8F\xBF\xBF"));
}

TEST_CASE("valid_utf8 refuses what is no character", "[utf8]") {
  const auto broken =
      GENERATE("\x80", "\xBF", "\xC0\xAF", "\xC1\xBF", "\xC3", "\xE2\x82", "\xE0\x9F\xBF",
               "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF",
               "\xF0\x9F\xA6", "\xE2(\xA1");
  CAPTURE(broken);
  CHECK_FALSE(valid_utf8(broken));
  CHECK_FALSE(valid_utf8(string("sixteen letters, ") + broken));
  CHECK_FALSE(valid_utf8(broken + string(" and more words")));
}

TEST_CASE("RepairedText leaves valid text as it is", "[utf8]") {
  const RepairedText text(
      "Gr\xC3\xBC\xC3\x9F"
      "e");
  CHECK(text.text() ==
        "Gr\xC3\xBC\xC3\x9F"
        "e");
  for (std::size_t i = 0; i <= text.text().size(); ++i) CHECK(text.original_offset(i) == i);
}

// The expected values are Python's: bytes.decode("utf-8", "replace").
TEST_CASE("RepairedText puts one U+FFFD for each maximal subpart", "[utf8]") {
  CHECK(repaired("\x80") == kBad);
  CHECK(repaired("\xC0\xAF") == kBad + kBad);
  CHECK(repaired("\xE2\x82") == kBad);
  CHECK(repaired("\xE2\x82"
                 "a") == kBad + "a");
  CHECK(repaired("\xED\xA0\x80") == kBad + kBad + kBad);
  CHECK(repaired("\xF0\x9F\xA6") == kBad);
  CHECK(repaired("\xF0\x80\x80") == kBad + kBad + kBad);
  CHECK(repaired("\xF4\x90\x80\x80") == kBad + kBad + kBad + kBad);
  // Table 3-8 of the Unicode standard.
  CHECK(repaired("\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64") ==
        "a" + kBad + kBad + kBad + "b" + kBad + "c" + kBad + kBad + "d");
}

TEST_CASE("RepairedText leads back to the original bytes", "[utf8]") {
  // a, a broken character of 2 bytes, b, a stray byte.
  const RepairedText text(
      "a\xE2\x82"
      "b\xFF");
  REQUIRE(text.text() == "a" + kBad + "b" + kBad);

  const std::vector<std::pair<std::size_t, std::size_t>> expected = {
      {0, 0}, {1, 1}, {2, 1}, {3, 1}, {4, 3}, {5, 4}, {6, 4}, {7, 4}, {8, 5}};
  for (const auto& [repaired_offset, original] : expected) {
    CAPTURE(repaired_offset);
    CHECK(text.original_offset(repaired_offset) == original);
  }
}
