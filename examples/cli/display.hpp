#pragma once

#include <cstddef>
#include <string>
#include <string_view>

constexpr char32_t kReplacement = 0xFFFD;

/// The first character of a UTF-8 text. Bytes that are none are U+FFFD, as many at a time as begin
/// one together: as the library reads them.
struct Character {
  std::size_t bytes;
  char32_t code;
};
Character first_character(std::string_view text);  // text: not empty

/// `text` on one line of at most `columns`: control characters become spaces, and what does not
/// fit is replaced by an ellipsis. East Asian characters take two columns.
std::string one_line(std::string_view text, std::size_t columns);

/// one_line, padded with spaces to exactly `columns`.
std::string padded(std::string_view text, std::size_t columns);

/// Columns of the terminal that stdout is, or 80.
std::size_t terminal_columns();
