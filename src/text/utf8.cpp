#include "text/utf8.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace reranker::text {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

struct Sequence {
  std::size_t bytes;  // of one character, or of the maximal subpart of a broken one
  bool valid;
};

struct Lead {
  std::size_t bytes;  // of the whole character; 0 if no character starts so
  unsigned char second_min, second_max;
};

// Unicode table 3-7, well-formed UTF-8 byte sequences.
Lead lead(unsigned char byte) {
  if (byte < 0x80) return {1, 0, 0};
  if (byte < 0xC2) return {0, 0, 0};
  if (byte < 0xE0) return {2, 0x80, 0xBF};
  if (byte == 0xE0) return {3, 0xA0, 0xBF};
  if (byte == 0xED) return {3, 0x80, 0x9F};
  if (byte < 0xF0) return {3, 0x80, 0xBF};
  if (byte == 0xF0) return {4, 0x90, 0xBF};
  if (byte < 0xF4) return {4, 0x80, 0xBF};
  if (byte == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

Sequence first_sequence(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const Lead expected = lead(byte(0));
  if (expected.bytes == 0) return {1, false};
  for (std::size_t i = 1; i < expected.bytes; ++i) {
    const unsigned char low = i == 1 ? expected.second_min : 0x80;
    const unsigned char high = i == 1 ? expected.second_max : 0xBF;
    if (i == text.size() || byte(i) < low || byte(i) > high) return {i, false};
  }
  return {expected.bytes, true};
}

std::size_t skip_ascii(std::string_view text, std::size_t at) {
  for (std::uint64_t word; at + sizeof word <= text.size(); at += sizeof word) {
    std::memcpy(&word, text.data() + at, sizeof word);
    if ((word & 0x8080808080808080) != 0) break;
  }
  while (at < text.size() && static_cast<unsigned char>(text[at]) < 0x80) ++at;
  return at;
}

// The start of the first ill-formed sequence at or after `at`, or the end.
std::size_t find_invalid(std::string_view text, std::size_t at) {
  while ((at = skip_ascii(text, at)) < text.size()) {
    const Sequence sequence = first_sequence(text.substr(at));
    if (!sequence.valid) break;
    at += sequence.bytes;
  }
  return at;
}

}  // namespace

bool valid_utf8(std::string_view text) {
  return find_invalid(text, 0) == text.size();
}

RepairedText::RepairedText(std::string_view original) : original_(original) {
  std::size_t at = 0;
  for (std::size_t invalid = find_invalid(original, at); invalid < original.size();
       invalid = find_invalid(original, at)) {
    text_.append(original, at, invalid - at);
    at = invalid + first_sequence(original.substr(invalid)).bytes;
    replacements_.push_back({text_.size(), invalid, at});
    text_.append(kReplacement);
  }
  if (!replacements_.empty()) text_.append(original, at);
}

std::size_t RepairedText::original_offset(std::size_t offset) const {
  const auto after =
      std::upper_bound(replacements_.begin(), replacements_.end(), offset,
                       [](std::size_t value, const Replacement& r) { return value < r.begin; });
  if (after == replacements_.begin()) return offset;
  const Replacement& r = *std::prev(after);
  const std::size_t end = r.begin + kReplacement.size();
  return offset < end ? r.original_begin : r.original_end + (offset - end);
}

}  // namespace reranker::text
