#pragma once

#include <cmath>

#include "kernels/cuda/attention_sm90_tile.hpp"

// The softmax of attention_sm90.cu, on the registers of a warpgroup.

namespace reranker::kernels::cuda::sm90 {

// Over the four lanes that share a row.
RERANKER_DEVICE float max_of_row(float value) {
  value = fmaxf(value, shuffle_xor(value, 1));
  return fmaxf(value, shuffle_xor(value, 2));
}
RERANKER_DEVICE float sum_of_row(float value) {
  value += shuffle_xor(value, 1);
  return value + shuffle_xor(value, 2);
}

// A thread holds two rows of a warp's 16: lane / 4 and that plus 8; of scores it holds columns
// 8 i + lane % 4 * 2 and the next, score 4 i + 2 row + column % 2.
template <class T>
struct Softmax {
  float scale;   // of scores, with log2(e)
  float max[2];  // that probabilities refer to: not above the true maximum, and near it
  float sum[2];  // of this thread's columns

  RERANKER_DEVICE static void find_maxima(float (&max)[2], const float (&scores)[T::kKeys / 2]) {
#pragma unroll
    for (int row = 0; row < 2; ++row) {
      float even = scores[2 * row], odd = scores[2 * row + 1];
#pragma unroll
      for (int i = 1; i < T::kKeys / 8; ++i) {
        even = fmaxf(even, scores[4 * i + 2 * row]);
        odd = fmaxf(odd, scores[4 * i + 2 * row + 1]);
      }
      max[row] = max_of_row(fmaxf(even, odd));
    }
  }

  // `rows` counts those of the warp that are queries, from this thread's first row on.
  RERANKER_DEVICE void start(const float (&scores)[T::kKeys / 2], int rows) {
    find_maxima(max, scores);
#pragma unroll
    for (int row = 0; row < 2; ++row) {
      if (rows <= 8 * row) max[row] = INFINITY;  // no query: never rises, so that it moves no other
      sum[row] = 0.0f;
    }
  }

  // Follows the maxima if one of the warp rose by so much that probabilities became large. Gives
  // whether, and what earlier sums must be multiplied by.
  RERANKER_DEVICE bool rise(float (&factor)[2], const float (&scores)[T::kKeys / 2]) {
    float top[2];
    find_maxima(top, scores);
    constexpr float kMost = 8.0f;  // probabilities up to 2^8
    const bool rises = (top[0] - max[0]) * scale > kMost || (top[1] - max[1]) * scale > kMost;
    if (!any_of_warp(rises)) return false;
#pragma unroll
    for (int row = 0; row < 2; ++row) {
      top[row] = fmaxf(top[row], max[row]);
      factor[row] = exp2_approx((max[row] - top[row]) * scale);
      max[row] = top[row];
      sum[row] *= factor[row];
    }
    return true;
  }

  RERANKER_DEVICE void exponentiate(float (&scores)[T::kKeys / 2]) {
    const float offset[2] = {max[0] * scale, max[1] * scale};
#pragma unroll
    for (int i = 0; i < T::kKeys / 2; ++i) {
      const int row = i / 2 % 2;
      scores[i] = exp2_approx(scores[i] * scale - offset[row]);
      sum[row] += scores[i];
    }
  }
};

// Scores of keys beyond the sequence.
template <class T>
RERANKER_DEVICE void mask(float (&scores)[T::kKeys / 2], int num_keys) {
  const int last = num_keys - lane() % 4 * 2;
#pragma unroll
  for (int i = 0; i < T::kKeys / 2; ++i)
    if (i / 4 * 8 + i % 2 >= last) scores[i] = -INFINITY;
}

// The accumulator's layout is the operand's, two blocks of 8 columns after another.
template <class T>
RERANKER_DEVICE void round(Words4 (&p)[T::kKeys / 16], const float (&scores)[T::kKeys / 2]) {
#pragma unroll
  for (int i = 0; i < T::kKeys / 4; ++i)
    p[i / 4].w[i % 4] = T::Number::pack(scores[2 * i], scores[2 * i + 1]);
}

// Word i of lane j of four becomes word j of lane i.
RERANKER_DEVICE void transpose(Words4& m) {
#pragma unroll
  for (int step = 1; step <= 2; step *= 2) {
    const bool upper = (lane() & step) != 0;
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      if ((i & step) != 0) continue;
      std::uint32_t& low = m.w[i];
      std::uint32_t& high = m.w[i + step];
      const std::uint32_t other = shuffle_xor(upper ? low : high, step);
      (upper ? low : high) = other;
    }
  }
}

}  // namespace reranker::kernels::cuda::sm90
