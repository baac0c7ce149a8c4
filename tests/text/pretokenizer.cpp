#include "text/pretokenizer.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace reranker::text;

namespace {

using Pieces = std::vector<std::string>;

Pieces split(const Pretokenizer& pretokenizer, std::string_view text) {
  Pieces pieces;
  while (!text.empty()) {
    const std::size_t bytes = pretokenizer.first_end(text) - text.data();
    pieces.emplace_back(text.substr(0, bytes));
    text.remove_prefix(bytes);
  }
  return pieces;
}

Pieces llama3(std::string_view text) {
  static const Pretokenizer pretokenizer(Pattern::llama3, ClassSource::split);
  return split(pretokenizer, text);
}

Pieces gpt2(std::string_view text) {
  static const Pretokenizer pretokenizer(Pattern::gpt2, ClassSource::byte_level);
  return split(pretokenizer, text);
}

Pieces smollm2(std::string_view text) {
  static const Pretokenizer pretokenizer(Pattern::gpt2, ClassSource::digits_byte_level);
  return split(pretokenizer, text);
}

}  // namespace

TEST_CASE("llama3 takes one character that is no letter along with a word", "[pretokenizer]") {
  CHECK(llama3("a:b c\td") == Pieces{"a", ":b", " c", "\td"});
  CHECK(llama3("\nb") == Pieces{"\n", "b"});
  CHECK(llama3("!!b") == Pieces{"!!", "b"});
}

TEST_CASE("llama3 ends white space behind its last newline", "[pretokenizer]") {
  CHECK(llama3(" \n \n passage:") == Pieces{" \n \n", " passage", ":"});
  CHECK(llama3("a \n  b") == Pieces{"a", " \n", " ", " b"});
  CHECK(llama3("\r\n\t x") == Pieces{"\r\n", "\t", " x"});
  CHECK(llama3("!\n\n x") == Pieces{"!\n\n", " x"});
}

TEST_CASE("white space leaves its last character to what follows", "[pretokenizer]") {
  for (const auto& kind : {llama3, gpt2}) {
    CHECK(kind("a   b") == Pieces{"a", "  ", " b"});
    CHECK(kind("a   ") == Pieces{"a", "   "});
    CHECK(kind("a \xC2\xA0") == Pieces{"a", " \xC2\xA0"});
  }
}

TEST_CASE("llama3 reads contractions in either case and with a long s", "[pretokenizer]") {
  CHECK(llama3("it's") == Pieces{"it", "'s"});
  CHECK(llama3("WE'RE") == Pieces{"WE", "'RE"});
  CHECK(llama3("it'\xC5\xBF") == Pieces{"it", "'\xC5\xBF"});
  CHECK(llama3("x'y") == Pieces{"x", "'y"});
  CHECK(llama3("'sa") == Pieces{"'s", "a"});
}

TEST_CASE("gpt2 reads contractions in lower case only", "[pretokenizer]") {
  CHECK(gpt2("we're") == Pieces{"we", "'re"});
  CHECK(gpt2("WE'RE") == Pieces{"WE", "'", "RE"});
  CHECK(gpt2("it'\xC5\xBF") == Pieces{"it", "'", "\xC5\xBF"});
  CHECK(gpt2(" 's") == Pieces{" '", "s"});
}

TEST_CASE("numbers: three together, all together, or each alone", "[pretokenizer]") {
  CHECK(llama3(" 12345") == Pieces{" ", "123", "45"});
  CHECK(gpt2(" 12345") == Pieces{" 12345"});
  CHECK(smollm2(" 123") == Pieces{" ", "1", "2", "3"});
}

TEST_CASE("smollm2 splits at a digit as at the end of the text", "[pretokenizer]") {
  CHECK(smollm2("a  1") == Pieces{"a", "  ", "1"});
  CHECK(gpt2("a  1") == Pieces{"a", " ", " 1"});
  CHECK(smollm2("x\xC2\xBDy") == Pieces{"x", "\xC2\xBD", "y"});
}

TEST_CASE("marks that combine are no letters", "[pretokenizer]") {
  CHECK(llama3("e\xCC\x81x") == Pieces{"e", "\xCC\x81x"});
  CHECK(gpt2("e\xCC\x81x") == Pieces{"e", "\xCC\x81", "x"});
}
