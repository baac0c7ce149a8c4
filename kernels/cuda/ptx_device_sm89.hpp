#pragma once

// Bodies of ptx.hpp from sm_89 on.

namespace reranker::kernels::cuda {

RERANKER_DEVICE std::uint32_t pack_e4m3(float a, float b, float c, float d) {
  std::uint32_t word;
  asm("{ .reg .b16 l, h; cvt.rn.satfinite.e4m3x2.f32 l, %2, %1; cvt.rn.satfinite.e4m3x2.f32 h, %4, "
      "%3; mov.b32 %0, {l, h}; }"
      : "=r"(word)
      : "f"(a), "f"(b), "f"(c), "f"(d));
  return word;
}

}  // namespace reranker::kernels::cuda
