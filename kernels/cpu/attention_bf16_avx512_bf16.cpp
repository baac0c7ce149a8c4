#include "kernels/cpu/attention_tiles_avx512.hpp"
#include "kernels/cpu/vector_avx512_bf16.hpp"

namespace reranker::kernels {
namespace {

constexpr std::int64_t kWords = 2 * kPanel;  // of 16 elements

// Elements are stored as the floats that they are as long as: only their words are ever read.
std::uint16_t* words(float* elements) {
  return reinterpret_cast<std::uint16_t*>(elements);
}

// A pair of bf16 as an element, in panels of 16.
struct PairsPanel {
  using Element = float;
  using Step = Pairs;
  static constexpr bool kFetchRows = false;
  static inline Step step(const float* from) {
    return load_pairs(reinterpret_cast<const std::uint16_t*>(from));
  }
  static inline Step fill(const float* a) {
    return fill_pairs(reinterpret_cast<const std::uint16_t*>(a));
  }
  static inline Floats add(Floats sum, Step a, Step b) { return add_pairs(sum, a, b); }
};

// Floats from and from + 16 on, zeros past `count`, times `factor`.
void store_words(std::uint16_t* to, const float* from, std::int64_t count, Floats factor) {
  const auto sixteen = [&](std::int64_t i) {
    return mul(i < count ? load_first(from + i, count - i) : zeros(), factor);
  };
  store_rounded(to, sixteen(0), sixteen(kPanel));
}

struct Bf16 {
  static constexpr const char* kName = "bf16";
  static constexpr std::int64_t kWidth = 2;
  using Panel = PairsPanel;

  // 16 tokens, or the last ones of the sequence, into one panel.
  static void pack_keys(float* panel, const float* keys, std::int64_t stride, std::int64_t count,
                        std::int64_t dim) {
    for (std::int64_t d = 0; d < dim; d += kWords) {
      Floats m[kPanel];
      for (std::int64_t r = 0; r < kPanel; ++r) {
        std::uint16_t row[kWords];
        store_words(row, keys + r * stride + d, r < count ? dim - d : 0, fill(1.0f));
        m[r] = load_dwords(row);
      }
      transpose_16x16(m);
      for (std::int64_t c = 0; c < smaller(kPanel, divide_up(dim - d, 2)); ++c)
        store_dwords(words(panel + (d / 2 + c) * kPanel), m[c]);
    }
  }

  // One or two tokens' values: 16 pairs of a column.
  static void pack_values(float* to, std::int64_t panel_stride, const float* values,
                          std::int64_t stride, std::int64_t count, std::int64_t dim) {
    for (std::int64_t d = 0; d < dim; d += kPanel) {
      std::uint16_t both[kWords];
      store_rounded(both, load_first(values + d, dim - d),
                    count == 2 ? load_first(values + stride + d, dim - d) : zeros());
      std::uint16_t* pairs = words(to + d / kPanel * panel_stride);
      for (std::int64_t i = 0; i < kPanel; ++i) {
        pairs[2 * i] = both[i];
        pairs[2 * i + 1] = both[kPanel + i];
      }
    }
  }

  static void scale_queries(float* to, const float* from, std::int64_t heads, std::int64_t dim,
                            float factor) {
    for (std::int64_t h = 0; h < heads; ++h)
      for (std::int64_t d = 0; d < dim; d += kWords)
        store_words(words(to + h * divide_up(dim, 2) + d / 2), from + h * dim + d, dim - d,
                    fill(factor));
  }

  static float soften(float* powers, const float* scores, std::int64_t count, float max) {
    const Floats shift = fill(max);
    Floats sum = zeros();
    for (std::int64_t u = 0; u < count; u += kWords) {
      const Floats low = exp2_of(sub(load(scores + u), shift));
      const Floats high = exp2_of(sub(load(scores + u + kPanel), shift));
      store_rounded(words(powers + u / 2), low, high);
      sum = kernels::add(kernels::add(sum, low), high);
    }
    return tree_sum(sum);
  }
};

}  // namespace

void add_attention_bf16_avx512_bf16(CpuKernels& table) {
  table.attention_bf16 = attention_kernels<Bf16>();
}

}  // namespace reranker::kernels
