#include "text/bert_characters.hpp"

#include <algorithm>

#include "text/code_point_runs.hpp"

namespace reranker::text {
namespace {

struct MappingRow {
  std::uint32_t code_point;
  std::uint32_t begin;  // its characters go on until the next row's begin
};

#include "text/bert_tables.inc"

// Unicode 3.12, "Conjoining Jamo Behavior".
constexpr char32_t kFirstSyllable = 0xAC00, kEndOfSyllables = 0xD7A4;
constexpr char32_t kFirstLead = 0x1100, kFirstVowel = 0x1161, kBeforeFirstTail = 0x11A7;
constexpr char32_t kVowels = 21, kTails = 28;
constexpr Run kSyllableRuns[] = {{0, 0}, {kFirstSyllable, 1}, {kEndOfSyllables, 0}};

bool is_syllable(char32_t c) {
  return c >= kFirstSyllable && c < kEndOfSyllables;
}

template <std::size_t n>
BecomesView find(const MappingRow (&rows)[n], const char32_t* characters, char32_t code_point) {
  const MappingRow* row =
      std::lower_bound(rows, rows + n, code_point,
                       [](const MappingRow& r, char32_t value) { return r.code_point < value; });
  return {characters + row->begin, row[1].begin - row->begin};
}

// Tells whether a code point is mapped, for rising ones. The last row maps none.
class MappedReader {
 public:
  explicit MappedReader(const MappingRow* rows) : row_(rows) {}

  CodePointSpan<bool> at(std::uint32_t code_point) {
    while (row_->code_point < code_point) ++row_;
    const bool mapped = row_->code_point == code_point;
    return {mapped, mapped ? code_point + 1 : row_->code_point};
  }

 private:
  const MappingRow* row_;
};

}  // namespace

BertFlagTable make_bert_flag_table() {
  RunReader flags(kFlagRuns), ranks(kRankRuns), syllables(kSyllableRuns);
  MappedReader decompose(kDecomposedRows), lower(kLowercaseRows);
  return BertFlagTable([&](std::uint32_t code_point) {
    CodePointSpan<std::uint16_t> all{0, kCodePoints};
    const auto add = [&](const auto& span, unsigned flag) {
      all.value |= static_cast<std::uint16_t>(span.value * flag);
      all.end = std::min(all.end, span.end);
    };
    add(flags.at(code_point), 1);
    const auto rank = ranks.at(code_point);
    add(CodePointSpan<bool>{rank.value != 0, rank.end}, BertFlags::ranked);
    add(syllables.at(code_point), BertFlags::decomposes);
    add(decompose.at(code_point), BertFlags::decomposes);
    add(lower.at(code_point), BertFlags::lowers);
    return all;
  });
}

BecomesView decomposed(char32_t code_point, char32_t (&jamo)[3]) {
  if (!is_syllable(code_point)) return find(kDecomposedRows, kDecomposed, code_point);
  const char32_t index = code_point - kFirstSyllable, tail = index % kTails;
  jamo[0] = kFirstLead + index / (kVowels * kTails);
  jamo[1] = kFirstVowel + index % (kVowels * kTails) / kTails;
  jamo[2] = kBeforeFirstTail + tail;
  return {jamo, tail == 0 ? std::size_t(2) : std::size_t(3)};
}

BecomesView lower_case(char32_t code_point) {
  return find(kLowercaseRows, kLowercase, code_point);
}

std::uint8_t rank_of(char32_t code_point) {
  return value_at(kRankRuns, code_point);
}

}  // namespace reranker::text
