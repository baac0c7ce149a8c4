#pragma once

#include <cstdint>

#include "text/code_point_table.hpp"

namespace reranker::text {

/// \w and \s as the matching of added tokens sees them.
bool is_word(char32_t code_point);
bool is_space(char32_t code_point);

/// \p{L}, as Split sees it.
bool is_letter(char32_t code_point);

/// What a component of Hugging Face `tokenizers` takes a code point for.
enum class CharClass : std::uint8_t {
  other = 0,
  letter = 1,
  number = 2,
  space = 3,
  barrier = 4,  // a pretoken of its own: for what comes before it, the end of the text
};

/// Whose idea of the classes a pre-tokenizer follows.
enum class ClassSource {
  split,              // Split with \p{L}, \p{N}, \s
  byte_level,         // the regex inside ByteLevel
  digits_byte_level,  // the same after Digits, which makes every numeric character a barrier
};

using ClassTable = CodePointTable<CharClass>;

ClassTable make_class_table(ClassSource source);

}  // namespace reranker::text
