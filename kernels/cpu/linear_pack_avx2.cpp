#include "kernels/cpu/linear_layout.hpp"
#include "kernels/cpu/tables.hpp"
#include "kernels/cpu/transpose_avx2.hpp"

namespace reranker::kernels {
namespace {

// Panels whose 16 rows are all at hand are transposed in registers; the rest of the rows and of
// the columns go one by one, as in linear_pack_generic.cpp.

constexpr std::int64_t kStep = 32;  // columns at a time: a cache line of bf16

struct Rows {
  const char* data;  // row 0 of the panel
  std::int64_t k;
  std::int64_t element_bytes;
  const char* at(std::int64_t row, std::int64_t i) const {
    return data + (row * k + i) * element_bytes;
  }
};

__m256i load(const char* from) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}

void store(char* to, __m256i x) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), x);
}

// 16 columns of 16 rows. Unpacking puts rows j and 8 + j of columns 0-3 and 8-11 into one register
// and of columns 4-7 and 12-15 into the other.
void pack_16_bf16(char* to, const Rows& rows, std::int64_t i) {
  __m256i left[8];
  __m256i right[8];
  for (int j = 0; j < 8; ++j) {
    const __m256i low = load(rows.at(j, i));
    const __m256i high = load(rows.at(8 + j, i));
    left[j] = _mm256_unpacklo_epi16(low, high);
    right[j] = _mm256_unpackhi_epi16(low, high);
  }
  transpose_8x8(left);
  transpose_8x8(right);
  for (int c = 0; c < 4; ++c) {
    store(to + c * 32, left[c]);
    store(to + (4 + c) * 32, right[c]);
    store(to + (8 + c) * 32, left[4 + c]);
    store(to + (12 + c) * 32, right[4 + c]);
  }
}

__m256i load_as_fp32(const Rows& rows, std::int64_t row, std::int64_t i, WeightType type) {
  if (type == WeightType::fp32) return load(rows.at(row, i));
  const auto* from = reinterpret_cast<const __m128i*>(rows.at(row, i));
  return _mm256_castps_si256(_mm256_cvtph_ps(_mm_loadu_si128(from)));
}

// 8 columns of 16 rows.
void pack_8_fp32(char* to, const Rows& rows, std::int64_t i, WeightType type) {
  for (int half = 0; half < 2; ++half) {
    __m256i m[8];
    for (int j = 0; j < 8; ++j) m[j] = load_as_fp32(rows, half * 8 + j, i, type);
    transpose_8x8(m);
    for (int c = 0; c < 8; ++c) store(to + c * 64 + half * 32, m[c]);
  }
}

// One weight at column i; null is zero.
void pack_one(char* panel, std::int64_t lane, const char* from, std::int64_t i, WeightType type) {
  if (type == WeightType::bf16) {
    auto* to = reinterpret_cast<std::uint16_t*>(panel) + i * kPanel + lane % 8 * 2 + lane / 8;
    *to = from != nullptr ? *reinterpret_cast<const std::uint16_t*>(from) : std::uint16_t{0};
    return;
  }
  float* to = reinterpret_cast<float*>(panel) + i * kPanel + lane;
  if (from == nullptr)
    *to = 0.0f;
  else if (type == WeightType::fp32)
    *to = *reinterpret_cast<const float*>(from);
  else
    *to = _cvtsh_ss(*reinterpret_cast<const std::uint16_t*>(from));
}

void pack_panel(char* panel, const Rows& rows, WeightType type) {
  const std::int64_t step_bytes = kPanel * (type == WeightType::bf16 ? 2 : 4);
  std::int64_t i = 0;
  for (; i + kStep <= rows.k; i += kStep) {
    if (type == WeightType::bf16) {
      pack_16_bf16(panel + i * step_bytes, rows, i);
      pack_16_bf16(panel + (i + 16) * step_bytes, rows, i + 16);
    } else {
      for (std::int64_t c = 0; c < kStep; c += 8)
        pack_8_fp32(panel + (i + c) * step_bytes, rows, i + c, type);
    }
  }
  for (; i < rows.k; ++i)
    for (std::int64_t lane = 0; lane < kPanel; ++lane)
      pack_one(panel, lane, rows.at(lane, i), i, type);
}

// Lanes [first, last) of a panel, and zeros after them if they are the last rows of W.
void pack_lanes(char* panel, const Rows& rows, std::int64_t first, std::int64_t last, bool pad,
                WeightType type) {
  for (std::int64_t lane = first; lane < last; ++lane)
    for (std::int64_t i = 0; i < rows.k; ++i)
      pack_one(panel, lane, rows.at(lane - first, i), i, type);
  for (std::int64_t lane = last; pad && lane < kPanel; ++lane)
    for (std::int64_t i = 0; i < rows.k; ++i) pack_one(panel, lane, nullptr, i, type);
}

void pack_linear_avx2(const PackLinearArgs& args) {
  const LinearWeights& w = args.weights;
  Rows rows{static_cast<const char*>(args.rows), w.k, w.type == WeightType::fp32 ? 4 : 2};
  for (std::int64_t r = 0; r < args.num_rows;) {
    const PanelRow at = panel_row(w, args.first_row + r);
    const std::int64_t left = args.num_rows - r;
    const std::int64_t count = at.num_lanes < left ? at.num_lanes : left;
    char* panel = static_cast<char*>(args.packed) + at.panel * panel_bytes(w);
    if (count == kPanel)
      pack_panel(panel, rows, w.type);
    else
      pack_lanes(panel, rows, at.lane, at.lane + count, at.last && count == at.num_lanes, w.type);
    r += count;
    rows.data += count * w.k * rows.element_bytes;
  }
}

}  // namespace

void add_linear_pack_avx2(CpuKernels& table) {
  table.pack_linear = pack_linear_avx2;
}

}  // namespace reranker::kernels
