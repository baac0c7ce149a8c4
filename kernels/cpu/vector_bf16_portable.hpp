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

inline void interleave_pairs(std::uint16_t* to, std::int64_t step, const std::uint16_t* from,
                             std::int64_t stride) {
  for (int pair = 0; pair < kNumPartials; ++pair)
    for (int i = 0; i < 8; ++i) to[pair * step + i] = from[i / 2 * stride + pair * 2 + i % 2];
}

}  // namespace
}  // namespace reranker::kernels
