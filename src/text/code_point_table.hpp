#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace reranker::text {

constexpr std::size_t kCodePoints = 0x110000;

/// A value that all code points from the one that was asked for up to `end` have.
template <typename Value>
struct CodePointSpan {
  Value value;
  std::uint32_t end;
};

/// A value for every code point, in two steps, so that the hot part fits the first-level cache.
template <typename Value>
class CodePointTable {
 public:
  /// span_at(code point) gives a CodePointSpan; it is called for rising code points.
  template <typename SpanAt>
  explicit CodePointTable(SpanAt span_at) {
    CodePointSpan<Value> span{{}, 0};
    for (std::size_t b = 0; b < block_of_.size(); ++b) {
      const std::size_t begin = b * kBlock;
      std::array<Value, kBlock> block;
      for (std::size_t i = 0; i < kBlock; ++i) {
        if (begin + i >= span.end) span = span_at(static_cast<std::uint32_t>(begin + i));
        block[i] = span.value;
      }
      const bool same = b > 0 && std::equal(block.begin(), block.end(), blocks_.end() - kBlock);
      if (!same) blocks_.insert(blocks_.end(), block.begin(), block.end());
      block_of_[b] = static_cast<std::uint16_t>(blocks_.size() / kBlock - 1);
    }
  }

  Value ascii(unsigned char byte) const { return blocks_[byte]; }

  Value of(char32_t code_point) const {
    return blocks_[block_of_[code_point / kBlock] * kBlock + code_point % kBlock];
  }

 private:
  static constexpr std::size_t kBlock = 128;  // so that block 0 is ASCII

  std::array<std::uint16_t, kCodePoints / kBlock> block_of_;
  std::vector<Value> blocks_;
};

}  // namespace reranker::text
