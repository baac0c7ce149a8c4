#include "text/code_point_classes.hpp"

#include "text/code_point_runs.hpp"

namespace reranker::text {
namespace {

constexpr Run kRuns[] = {
#include "text/class_runs.inc"
};

// One byte a code point, made by asking the components themselves: bits 0-1 Split's regexes, bits
// 2-3 ByteLevel's regex (values as in CharClass), bit 4 Digits' "numeric", bit 5 the \w of added
// tokens.
constexpr unsigned kNumeric = 1 << 4;
constexpr unsigned kWord = 1 << 5;

CharClass class_of(ClassSource source, unsigned flags) {
  if (source == ClassSource::split) return CharClass(flags & 3);
  if (source == ClassSource::digits_byte_level && (flags & kNumeric)) return CharClass::barrier;
  return CharClass(flags >> 2 & 3);
}

std::uint8_t flags_of(char32_t code_point) {
  return value_at(kRuns, code_point);
}

}  // namespace

bool is_word(char32_t code_point) {
  return flags_of(code_point) & kWord;
}

bool is_space(char32_t code_point) {
  return class_of(ClassSource::split, flags_of(code_point)) == CharClass::space;
}

bool is_letter(char32_t code_point) {
  return class_of(ClassSource::split, flags_of(code_point)) == CharClass::letter;
}

ClassTable make_class_table(ClassSource source) {
  RunReader runs(kRuns);
  return ClassTable([&](std::uint32_t code_point) {
    const auto span = runs.at(code_point);
    return CodePointSpan<CharClass>{class_of(source, span.value), span.end};
  });
}

}  // namespace reranker::text
