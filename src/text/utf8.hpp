#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace reranker::text {

/// Whether `text` is UTF-8: no surrogates, no overlong forms, nothing above U+10FFFF.
/// NUL is a character like any other.
bool valid_utf8(std::string_view text);

/// `text` with each maximal subpart of an ill-formed sequence replaced by one U+FFFD
/// (Unicode 3.9, "U+FFFD substitution of maximal subparts"), as Python's
/// bytes.decode("utf-8", "replace") gives it; and the way back to the original bytes.
/// The original is borrowed: where nothing is ill-formed, text() is that.
class RepairedText {
 public:
  explicit RepairedText(std::string_view original);

  std::string_view text() const { return replacements_.empty() ? original_ : text_; }

  /// Where the byte at `offset` of text() comes from; the end maps to the end, and an offset
  /// inside a U+FFFD that was put in maps to the start of what it replaced.
  std::size_t original_offset(std::size_t offset) const;

 private:
  struct Replacement {
    std::size_t begin;           // of the U+FFFD, in text_
    std::size_t original_begin;  // of what it replaced
    std::size_t original_end;
  };

  std::string_view original_;
  std::string text_;
  std::vector<Replacement> replacements_;
};

}  // namespace reranker::text
