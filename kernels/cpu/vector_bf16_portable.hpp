#pragma once

#include "kernels/cpu/bf16_scalar.hpp"
#include "kernels/cpu/vector_portable.hpp"

// The names of vector_avx512_bf16.hpp in plain C++, which see. For tests.

namespace reranker::kernels {
namespace {

struct Pairs {
  std::uint16_t word[2 * kNumPartials];
};

inline Pairs load_pairs(const std::uint16_t* from) {
  Pairs x;
  for (int i = 0; i < 2 * kNumPartials; ++i) x.word[i] = from[i];
  return x;
}
inline Pairs fill_pairs(const std::uint16_t* from) {
  Pairs x;
  for (int i = 0; i < 2 * kNumPartials; ++i) x.word[i] = from[i % 2];
  return x;
}
inline Floats add_pairs(Floats y, Pairs x, Pairs w) {
  return each([&](int j) { return add_pair(y.lane[j], &x.word[2 * j], &w.word[2 * j]); });
}

inline Floats load_dwords(const std::uint16_t* from) {
  Floats x;
  std::memcpy(&x, from, sizeof x);
  return x;
}
inline void store_dwords(std::uint16_t* to, Floats x) {
  std::memcpy(to, &x, sizeof x);
}

inline void store_rounded(std::uint16_t* to, Floats low, Floats high) {
  for (int j = 0; j < kNumPartials; ++j) {
    to[j] = rounded_to_bf16(low.lane[j]);
    to[kNumPartials + j] = rounded_to_bf16(high.lane[j]);
  }
}

}  // namespace
}  // namespace reranker::kernels
