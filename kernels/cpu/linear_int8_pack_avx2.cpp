#include <cstring>

#include "kernels/cpu/int8_codes_avx2.hpp"
#include "kernels/cpu/int8_layout.hpp"
#include "kernels/cpu/tables.hpp"
#include "kernels/cpu/transpose_avx2.hpp"
#include "kernels/cpu/widen_avx2.hpp"

namespace reranker::kernels {
namespace {

// A row is read twice, for its largest weight and for its codes. Where all 16 rows of a panel are
// at hand, their codes are transposed in registers; other rows go one by one.

constexpr std::int64_t kChunk = 32;  // columns whose codes fill a register

template <WeightType type>
struct Row {
  using Element = std::conditional_t<type == WeightType::fp32, float, std::uint16_t>;
  const Element* data;
  std::int64_t k;

  /// Elements i and following, kChunk of them, zeros past the end: here or in `buffer`.
  const Element* chunk(std::int64_t i, Element (&buffer)[kChunk]) const {
    if (i + kChunk <= k) return data + i;
    std::memset(buffer, 0, sizeof buffer);
    if (i < k) std::memcpy(buffer, data + i, static_cast<std::size_t>(k - i) * sizeof(Element));
    return buffer;
  }
};

// The quads of eight weights, each twice.
__m256 quads(__m256 w) {
  const __m256 zero = _mm256_setzero_ps();
  const __m256 positive = _mm256_max_ps(w, zero);
  const __m256 negative = _mm256_max_ps(_mm256_xor_ps(w, _mm256_set1_ps(-0.0f)), zero);
  const __m256 pairs = _mm256_add_ps(_mm256_permute2f128_ps(positive, negative, 0x20),
                                     _mm256_permute2f128_ps(positive, negative, 0x31));
  return _mm256_add_ps(pairs, _mm256_permute_ps(pairs, 0xb1));
}

template <WeightType type>
float magnitude(const Row<type>& row, Int8Range range) {
  typename Row<type>::Element buffer[kChunk];
  __m256i single = least_magnitudes();
  __m256i together = _mm256_setzero_si256();
  for (std::int64_t i = 0; i < row.k; i += kChunk) {
    const auto* from = row.chunk(i, buffer);
    for (int j = 0; j < kChunk; j += 8) {
      const __m256 w = widened(from, type, j);
      single = larger_magnitudes(single, w);
      if (range == Int8Range::quads) together = larger_magnitudes(together, quads(w));
    }
  }
  const __m256 quad = _mm256_set1_ps(largest(together) * kQuadRatio);
  return largest(range == Int8Range::quads ? larger_magnitudes(single, quad) : single);
}

// The codes of 32 columns.
template <WeightType type>
__m256i codes(const Row<type>& row, std::int64_t i, float inverse) {
  typename Row<type>::Element buffer[kChunk];
  const auto* from = row.chunk(i, buffer);
  const __m256 factor = _mm256_set1_ps(inverse);
  __m256i q[4];
  for (int j = 0; j < 4; ++j) q[j] = quantized(widened(from, type, 8 * j), factor);
  return bytes_of(q);
}

// Sums of the four codes of each dword.
__m256i sums_of_four(__m256i codes) {
  const __m256i pairs = _mm256_maddubs_epi16(_mm256_set1_epi8(1), codes);
  return _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
}

struct Panel {
  std::int8_t* codes;
  float* scales;          // (16)
  std::int32_t* offsets;  // (16)
  std::int64_t dwords;    // of a row
};

Panel panel_of(const LinearInt8Weights& weights, void* packed, std::int64_t panel) {
  auto* bytes = static_cast<char*>(packed);
  return {reinterpret_cast<std::int8_t*>(bytes + panel * int8_panel_bytes(weights)),
          reinterpret_cast<float*>(bytes + int8_scales_at(weights)) + panel * kPanel,
          reinterpret_cast<std::int32_t*>(bytes + int8_offsets_at(weights)) + panel * kPanel,
          int8_stride(weights.shape.k) / 4};
}

void store(void* to, __m256i x) {
  _mm256_storeu_si256(static_cast<__m256i*>(to), x);
}

// Half a panel: rows begin, ..., begin + 7.
template <WeightType type>
void pack_eight(const Panel& panel, int begin, const Row<type>& first, Int8Range range) {
  float inverse[8];
  for (int j = 0; j < 8; ++j) {
    const float m = magnitude(Row<type>{first.data + j * first.k, first.k}, range);
    panel.scales[begin + j] = m / 127.0f;
    inverse[j] = 127.0f / m;
  }
  __m256i sums = _mm256_setzero_si256();
  for (std::int64_t d = 0; d < panel.dwords; d += 8) {
    __m256i rows[8];
    for (int j = 0; j < 8; ++j)
      rows[j] = codes(Row<type>{first.data + j * first.k, first.k}, 4 * d, inverse[j]);
    transpose_8x8(rows);
    for (int c = 0; c < 8 && d + c < panel.dwords; ++c) {
      store(panel.codes + (d + c) * 64 + begin * 4, rows[c]);
      sums = _mm256_add_epi32(sums, sums_of_four(rows[c]));
    }
  }
  store(panel.offsets + begin, _mm256_slli_epi32(sums, 7));  // 128 times
}

template <WeightType type>
void pack_lane(const Panel& panel, std::int64_t lane, const Row<type>& row, Int8Range range) {
  const float m = magnitude(row, range);
  std::int32_t sum = 0;
  for (std::int64_t d = 0; d < panel.dwords; d += 8) {
    std::int32_t dwords[8];
    std::int32_t sums[8];
    const __m256i q = codes(row, 4 * d, 127.0f / m);
    store(dwords, q);
    store(sums, sums_of_four(q));
    for (int c = 0; c < 8 && d + c < panel.dwords; ++c) {
      std::memcpy(panel.codes + (d + c) * 64 + lane * 4, dwords + c, 4);
      sum += sums[c];
    }
  }
  panel.scales[lane] = m / 127.0f;
  panel.offsets[lane] = 128 * sum;
}

void pack_zeros(const Panel& panel, std::int64_t lane) {
  for (std::int64_t d = 0; d < panel.dwords; ++d)
    std::memset(panel.codes + d * 64 + lane * 4, 0, 4);
  panel.scales[lane] = 0.0f;
  panel.offsets[lane] = 0;
}

template <WeightType type>
void pack_rows(const PackLinearInt8Args& args) {
  const LinearWeights& w = args.weights.shape;
  Row<type> row{static_cast<const typename Row<type>::Element*>(args.rows), w.k};
  for (std::int64_t r = 0; r < args.num_rows;) {
    const PanelRow at = panel_row(w, args.first_row + r);
    const std::int64_t left = args.num_rows - r;
    const std::int64_t count = at.num_lanes < left ? at.num_lanes : left;
    const Panel panel = panel_of(args.weights, args.packed, at.panel);
    for (std::int64_t lane = at.lane; lane < at.lane + count;) {
      const std::int64_t rows = lane % 8 == 0 && lane + 8 <= at.lane + count ? 8 : 1;
      rows == 8 ? pack_eight(panel, static_cast<int>(lane), row, args.weights.range)
                : pack_lane(panel, lane, row, args.weights.range);
      lane += rows;
      row.data += rows * w.k;
    }
    if (at.last && count == at.num_lanes)
      for (std::int64_t lane = at.lane + count; lane < kPanel; ++lane) pack_zeros(panel, lane);
    r += count;
  }
}

void pack_linear_int8_avx2(const PackLinearInt8Args& args) {
  switch (args.weights.shape.type) {
    case WeightType::bf16: return pack_rows<WeightType::bf16>(args);
    case WeightType::fp16: return pack_rows<WeightType::fp16>(args);
    default: return pack_rows<WeightType::fp32>(args);
  }
}

}  // namespace

void add_linear_int8_pack_avx2(CpuKernels& table) {
  table.pack_linear_int8 = pack_linear_int8_avx2;
}

}  // namespace reranker::kernels
