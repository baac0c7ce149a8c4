#include "kernels/cpu/attention_tiles_avx512.hpp"

namespace reranker::kernels {
namespace {

struct Fp32 {
  static constexpr const char* kName = "fp32";
  static constexpr std::int64_t kWidth = 1;
  using Panel = Fp32Panel<false>;  // queries and powers were written a moment ago

  // 16 tokens, or the last ones of the sequence, into one panel.
  static void pack_keys(float* panel, const float* keys, std::int64_t stride, std::int64_t count,
                        std::int64_t dim) {
    for (std::int64_t d = 0; d < dim; d += kPanel) {
      Floats m[kPanel];
      for (std::int64_t r = 0; r < kPanel; ++r)
        m[r] = r < count ? load_first(keys + r * stride + d, dim - d) : zeros();
      transpose_16x16(m);
      for (std::int64_t c = 0; c < smaller(kPanel, dim - d); ++c)
        store(panel + (d + c) * kPanel, m[c]);
    }
  }

  static void pack_values(float* to, std::int64_t panel_stride, const float* value, std::int64_t,
                          std::int64_t, std::int64_t dim) {
    for (std::int64_t d = 0; d < dim; d += kPanel)
      store(to + d / kPanel * panel_stride, load_first(value + d, dim - d));
  }

  static void scale_queries(float* to, const float* from, std::int64_t heads, std::int64_t dim,
                            float factor) {
    scale_row(to, from, heads * dim, factor);
  }

  static float soften(float* powers, const float* scores, std::int64_t count, float max) {
    const Floats shift = fill(max);
    Floats sum = zeros();
    for (std::int64_t u = 0; u < count; u += kPanel) {
      const Floats p = exp2_of(sub(load(scores + u), shift));
      store(powers + u, p);
      sum = add(sum, p);
    }
    return tree_sum(sum);
  }
};

}  // namespace

void add_attention_avx512(CpuKernels& table) {
  table.attention = attention_kernels<Fp32>();
}

}  // namespace reranker::kernels
