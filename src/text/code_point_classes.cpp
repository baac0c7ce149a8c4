#include "text/code_point_classes.hpp"

#include <algorithm>
#include <iterator>

namespace reranker::text {
namespace {

struct Run {
  std::uint32_t first;  // the run goes on until the next one starts
  std::uint8_t flags;
};

constexpr Run kRuns[] = {
#include "text/class_runs.inc"
};

constexpr unsigned kNumeric = 1 << 4;
constexpr unsigned kWord = 1 << 5;

CharClass class_of(ClassSource source, unsigned flags) {
  if (source == ClassSource::split) return CharClass(flags & 3);
  if (source == ClassSource::digits_byte_level && (flags & kNumeric)) return CharClass::barrier;
  return CharClass(flags >> 2 & 3);
}

}  // namespace

std::uint8_t class_flags(char32_t code_point) {
  const auto after =
      std::upper_bound(std::begin(kRuns), std::end(kRuns), code_point,
                       [](char32_t value, const Run& run) { return value < run.first; });
  return std::prev(after)->flags;
}

bool is_word(char32_t code_point) {
  return class_flags(code_point) & kWord;
}

bool is_space(char32_t code_point) {
  return CharClass(class_flags(code_point) & 3) == CharClass::space;
}

ClassTable::ClassTable(ClassSource source) {
  const Run* run = std::begin(kRuns);
  std::array<CharClass, kBlock> block;
  for (std::size_t b = 0; b < block_of_.size(); ++b) {
    for (std::size_t i = 0; i < kBlock; ++i) {
      if (run + 1 != std::end(kRuns) && run[1].first <= b * kBlock + i) ++run;
      block[i] = class_of(source, run->flags);
    }
    const bool same = b > 0 && std::equal(block.begin(), block.end(), blocks_.end() - kBlock);
    if (!same) blocks_.insert(blocks_.end(), block.begin(), block.end());
    block_of_[b] = static_cast<std::uint16_t>(blocks_.size() / kBlock - 1);
  }
}

}  // namespace reranker::text
