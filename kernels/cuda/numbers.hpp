#pragma once

#include "kernels/cuda/ptx.hpp"

// 16-bit numbers as kernels see them: two in a word.

namespace reranker::kernels::cuda {

struct Bf16 {
  static constexpr Type kType = Type::bf16;
  RERANKER_DEVICE static std::uint32_t pack(float low, float high) { return pack_bf16(low, high); }
  RERANKER_DEVICE static float low(std::uint32_t word) { return as_float(word << 16); }
  RERANKER_DEVICE static float high(std::uint32_t word) { return as_float(word & 0xffff0000u); }
  RERANKER_DEVICE static void mma(float (&d)[4], const Words4& a, std::uint32_t b0,
                                  std::uint32_t b1) {
    mma_bf16(d, a, b0, b1);
  }

 private:
  RERANKER_DEVICE static float as_float(std::uint32_t bits) {
    union {
      std::uint32_t bits;
      float value;
    } both{bits};
    return both.value;
  }
};

struct Fp16 {
  static constexpr Type kType = Type::fp16;
  RERANKER_DEVICE static std::uint32_t pack(float low, float high) { return pack_fp16(low, high); }
  RERANKER_DEVICE static float low(std::uint32_t word) { return low_fp16(word); }
  RERANKER_DEVICE static float high(std::uint32_t word) { return high_fp16(word); }
  RERANKER_DEVICE static void mma(float (&d)[4], const Words4& a, std::uint32_t b0,
                                  std::uint32_t b1) {
    mma_fp16(d, a, b0, b1);
  }
};

}  // namespace reranker::kernels::cuda
