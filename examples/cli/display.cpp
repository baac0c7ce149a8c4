#include "display.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <sys/ioctl.h>
#include <unistd.h>

namespace {

// Blocks that Unicode's EastAsianWidth.txt calls wide, joined where the gaps hold nothing common.
constexpr std::pair<char32_t, char32_t> kWide[] = {
    {0x1100, 0x115F}, {0x2E80, 0xA4CF}, {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},
    {0xFF00, 0xFF60}, {0xFFE0, 0xFFE6}, {0x1F300, 0x1FAFF}, {0x20000, 0x3FFFD},
};

std::size_t width(char32_t code) {
  const bool wide = std::any_of(std::begin(kWide), std::end(kWide), [code](const auto& block) {
    return block.first <= code && code <= block.second;
  });
  return wide ? 2 : 1;
}

std::size_t width(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const Character character = first_character(text);
    columns += width(character.code);
    text.remove_prefix(character.bytes);
  }
  return columns;
}

bool is_control(char32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0);
}

std::string without_controls(std::string_view text) {
  std::string clean;
  while (!text.empty()) {
    const Character character = first_character(text);
    if (is_control(character.code))
      clean += ' ';
    else if (character.code == kReplacement)
      clean += "\xEF\xBF\xBD";
    else
      clean += text.substr(0, character.bytes);
    text.remove_prefix(character.bytes);
  }
  return clean;
}

/// The bytes of the longest prefix that takes no more than `columns`.
std::size_t prefix_bytes(std::string_view text, std::size_t columns) {
  std::size_t bytes = 0;
  while (bytes < text.size()) {
    const Character character = first_character(text.substr(bytes));
    if (width(character.code) > columns) break;
    columns -= width(character.code);
    bytes += character.bytes;
  }
  return bytes;
}

bool is_continuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

/// Length by the leading byte; 0 where none can begin.
std::size_t length_of(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  if (lead >= 0xF0 && lead < 0xF5) return 4;
  return 0;
}

/// Behind some leading bytes not every continuation follows: the character would be longer than
/// need be, half a surrogate pair, or none.
bool follows(unsigned char lead, char byte) {
  const auto next = static_cast<unsigned char>(byte);
  if (lead == 0xE0) return next >= 0xA0;
  if (lead == 0xED) return next < 0xA0;
  if (lead == 0xF0) return next >= 0x90;
  return lead != 0xF4 || next < 0x90;
}

}  // namespace

Character first_character(std::string_view text) {
  constexpr unsigned char kLeadBits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t length = length_of(lead);
  if (length == 0) return {1, kReplacement};

  char32_t code = lead & kLeadBits[length];
  std::size_t bytes = 1;
  while (bytes < length && bytes < text.size() && is_continuation(text[bytes]) &&
         (bytes > 1 || follows(lead, text[1])))
    code = code << 6 | (static_cast<unsigned char>(text[bytes++]) & 0x3F);
  return {bytes, bytes == length ? code : kReplacement};
}

std::string one_line(std::string_view text, std::size_t columns) {
  // A wide table is no reason to clean a whole book: a character has at most 4 bytes.
  const bool whole = text.size() <= 4 * columns;
  std::string clean = without_controls(whole ? text : text.substr(0, 4 * columns + 4));
  if (whole && width(clean) <= columns) return clean;
  return clean.substr(0, prefix_bytes(clean, columns - 1)) + "…";
}

std::string padded(std::string_view text, std::size_t columns) {
  std::string line = one_line(text, columns);
  line.append(columns - width(line), ' ');
  return line;
}

std::size_t terminal_columns() {
  winsize size{};
  const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}
