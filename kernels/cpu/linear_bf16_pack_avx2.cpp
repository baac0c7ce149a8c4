#include "kernels/cpu/bf16_layout.hpp"
#include "kernels/cpu/tables.hpp"
#include "kernels/cpu/transpose_avx2.hpp"

namespace reranker::kernels {
namespace {

// Panels whose 16 rows are all at hand are transposed in registers, a dword being two columns of a
// row; the rest of the rows and of the columns go one by one, as in linear_bf16_pack_generic.cpp.

constexpr std::int64_t kStep = 16;  // columns at a time: a register of words

struct Rows {
  const char* data;  // row 0 of the panel
  std::int64_t k;
  WeightType type;
  const char* at(std::int64_t row, std::int64_t i) const {
    return data + (row * k + i) * (type == WeightType::fp32 ? 4 : 2);
  }
};

// Eight bf16 in the low halves of dwords. The bits of a float are ordered as the floats are, so
// that one addition rounds and carries into the exponent, up to infinity.
__m256i rounded_dwords(__m256 x) {
  const __m256i bits = _mm256_castps_si256(x);
  const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  const __m256i half = _mm256_add_epi32(_mm256_set1_epi32(0x7fff), odd);
  const __m256i quiet = _mm256_or_si256(bits, _mm256_set1_epi32(0x400000));
  const __m256 sum = _mm256_castsi256_ps(_mm256_add_epi32(bits, half));
  const __m256 nan = _mm256_cmp_ps(x, x, _CMP_UNORD_Q);
  const __m256 chosen = _mm256_blendv_ps(sum, _mm256_castsi256_ps(quiet), nan);
  return _mm256_srli_epi32(_mm256_castps_si256(chosen), 16);
}

// Sixteen bf16 in the order of their values. Packing joins halves of registers.
__m256i rounded_words(__m256 low, __m256 high) {
  return _mm256_permute4x64_epi64(_mm256_packus_epi32(rounded_dwords(low), rounded_dwords(high)),
                                  0xd8);
}

__m256i words_of_fp32(const float* from) {
  return rounded_words(_mm256_loadu_ps(from), _mm256_loadu_ps(from + 8));
}

__m256i words_of_fp16(const __m128i* from) {
  return rounded_words(_mm256_cvtph_ps(_mm_loadu_si128(from)),
                       _mm256_cvtph_ps(_mm_loadu_si128(from + 1)));
}

// 16 columns of a row.
__m256i load_words(const char* from, WeightType type) {
  if (type == WeightType::bf16) return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  return type == WeightType::fp32 ? words_of_fp32(reinterpret_cast<const float*>(from))
                                  : words_of_fp16(reinterpret_cast<const __m128i*>(from));
}

// 16 columns of 16 rows: eight pairs, of eight rows in either half of 16 dwords.
void pack_16(std::uint16_t* to, const Rows& rows, std::int64_t i) {
  for (int half = 0; half < 2; ++half) {
    __m256i m[8];
    for (int j = 0; j < 8; ++j) m[j] = load_words(rows.at(half * 8 + j, i), rows.type);
    transpose_8x8(m);
    for (int pair = 0; pair < 8; ++pair)
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + pair * 32 + half * 16), m[pair]);
  }
}

std::uint16_t rounded_word(float x) {
  return static_cast<std::uint16_t>(
      _mm_cvtsi128_si32(_mm256_castsi256_si128(rounded_dwords(_mm256_set1_ps(x)))));
}

std::uint16_t word_of(const char* from, WeightType type) {
  if (type == WeightType::fp32) return rounded_word(*reinterpret_cast<const float*>(from));
  const std::uint16_t word = *reinterpret_cast<const std::uint16_t*>(from);
  return type == WeightType::bf16 ? word : rounded_word(_cvtsh_ss(word));
}

// Columns from i to the end of one lane; no rows are zeros.
void pack_lane(std::uint16_t* panel, std::int64_t lane, const Rows& rows, std::int64_t row,
               std::int64_t i) {
  for (; i < bf16_stride(rows.k); ++i)
    panel[i / 2 * 32 + lane * 2 + i % 2] =
        rows.data != nullptr && i < rows.k ? word_of(rows.at(row, i), rows.type) : std::uint16_t{0};
}

void pack_panel(std::uint16_t* panel, const Rows& rows) {
  std::int64_t i = 0;
  for (; i + kStep <= rows.k; i += kStep) pack_16(panel + i * kPanel, rows, i);
  for (std::int64_t lane = 0; lane < kPanel; ++lane) pack_lane(panel, lane, rows, lane, i);
}

// Lanes [first, last) of a panel, and zeros after them if they are the last rows of W.
void pack_lanes(std::uint16_t* panel, const Rows& rows, std::int64_t first, std::int64_t last,
                bool pad) {
  for (std::int64_t lane = first; lane < last; ++lane)
    pack_lane(panel, lane, rows, lane - first, 0);
  for (std::int64_t lane = last; pad && lane < kPanel; ++lane)
    pack_lane(panel, lane, {nullptr, rows.k, rows.type}, 0, 0);
}

void pack_linear_bf16_avx2(const PackLinearBf16Args& args) {
  const LinearWeights& w = args.weights;
  Rows rows{static_cast<const char*>(args.rows), w.k, w.type};
  for (std::int64_t r = 0; r < args.num_rows;) {
    const PanelRow at = panel_row(w, args.first_row + r);
    const std::int64_t left = args.num_rows - r;
    const std::int64_t count = at.num_lanes < left ? at.num_lanes : left;
    auto* panel = static_cast<std::uint16_t*>(args.packed) + at.panel * bf16_panel_words(w);
    if (count == kPanel)
      pack_panel(panel, rows);
    else
      pack_lanes(panel, rows, at.lane, at.lane + count, at.last && count == at.num_lanes);
    r += count;
    rows.data = rows.at(count, 0);
  }
}

}  // namespace

void add_linear_bf16_pack_avx2(CpuKernels& table) {
  table.pack_linear_bf16 = pack_linear_bf16_avx2;
}

}  // namespace reranker::kernels
