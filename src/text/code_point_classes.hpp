#pragma once

#include <cstdint>

#include "text/code_point_table.hpp"

namespace reranker::text {

/// What one component of Hugging Face `tokenizers` takes a code point for. class_runs.inc holds
/// one byte of flags a code point, made by asking the components themselves:
/// bits 0-1 Split's regexes, bits 2-3 ByteLevel's regex (values as in CharClass),
/// bit 4 Digits' "numeric", bit 5 the \w of added tokens.
std::uint8_t class_flags(char32_t code_point);

/// \w and \s as the matching of added tokens sees them.
bool is_word(char32_t code_point);
bool is_space(char32_t code_point);

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
