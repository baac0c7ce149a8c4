#include "text/script.hpp"

#include <cstddef>
#include <cstdint>

#include "text/code_point_classes.hpp"
#include "text/decode.hpp"

namespace reranker::text {
namespace {

struct Range {
  char32_t first, last;
};

// Blocks of Unicode whose letters are Latin but for a handful.
constexpr Range kLatin[] = {
    {0x0000, 0x024F},  // Basic Latin to Latin Extended-B
    {0x1E00, 0x1EFF},  // Latin Extended Additional
    {0x2C60, 0x2C7F},  // Latin Extended-C
    {0xA720, 0xA7FF},  // Latin Extended-D
    {0xFF21, 0xFF5A},  // fullwidth forms
};

bool is_latin(char32_t c) {
  for (const Range& range : kLatin)
    if (range.first <= c && c <= range.last) return true;
  return false;
}

}  // namespace

bool mostly_latin(std::string_view text) {
  std::size_t letters = 0;
  std::size_t latin = 0;
  for (std::size_t i = 0; i < text.size();) {
    const Decoded character = decode(text.data() + i);
    i += character.bytes;
    if (!is_letter(character.code_point)) continue;
    ++letters;
    if (is_latin(character.code_point)) ++latin;
  }
  return 2 * latin >= letters;
}

}  // namespace reranker::text
