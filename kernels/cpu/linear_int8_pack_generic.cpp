#include "kernels/cpu/int8_layout.hpp"
#include "kernels/cpu/int8_scalar.hpp"
#include "kernels/cpu/tables.hpp"

namespace reranker::kernels {
namespace {

struct Row {
  const void* data;
  WeightType type;
  std::int64_t k;
  float at(std::int64_t i) const { return i < k ? widen(data, type, i) : 0.0f; }
};

// The quad of columns begin + {0, 1, 4, 5}: of weights of one sign, +1 or -1.
float quad(const Row& row, std::int64_t begin, float sign) {
  float p[6];
  for (const int i : {0, 1, 4, 5}) {
    const float w = sign * row.at(begin + i);
    p[i] = w > 0.0f ? w : 0.0f;
  }
  return (p[0] + p[4]) + (p[1] + p[5]);
}

float magnitude(const Row& row, Int8Range range) {
  float m = kMinMagnitude;
  for (std::int64_t i = 0; i < row.k; ++i) m = larger_magnitude(m, row.at(i));
  if (range == Int8Range::full) return m;
  for (std::int64_t i = 0; i < row.k; i += 8)
    for (const std::int64_t begin : {i, i + 2})
      for (const float sign : {1.0f, -1.0f})
        m = larger_magnitude(m, quad(row, begin, sign) * kQuadRatio);
  return m;
}

struct Lane {
  std::int8_t* codes;  // of columns 0..3 of this row; those of 4..7 are 64 bytes on
  float* scale;
  std::int32_t* offset;
};

Lane lane_of(const LinearInt8Weights& weights, void* packed, std::int64_t panel,
             std::int64_t lane) {
  auto* bytes = static_cast<char*>(packed);
  const std::int64_t at = panel * kPanel + lane;
  return {reinterpret_cast<std::int8_t*>(bytes + panel * int8_panel_bytes(weights) + lane * 4),
          reinterpret_cast<float*>(bytes + int8_scales_at(weights)) + at,
          reinterpret_cast<std::int32_t*>(bytes + int8_offsets_at(weights)) + at};
}

void pack_row(const Lane& lane, const Row& row, Int8Range range) {
  const float m = magnitude(row, range);
  const float inverse = 127.0f / m;
  std::int32_t sum = 0;
  for (std::int64_t i = 0; i < int8_stride(row.k); ++i) {
    const int q = quantized(row.at(i), inverse);
    lane.codes[i / 4 * 64 + i % 4] = static_cast<std::int8_t>(q);
    sum += q;
  }
  *lane.scale = m / 127.0f;
  *lane.offset = kZeroCode * sum;
}

void pack_zeros(const Lane& lane, std::int64_t k) {
  for (std::int64_t i = 0; i < int8_stride(k); ++i) lane.codes[i / 4 * 64 + i % 4] = 0;
  *lane.scale = 0.0f;
  *lane.offset = 0;
}

void pack_linear_int8_generic(const PackLinearInt8Args& args) {
  const LinearWeights& w = args.weights.shape;
  const std::int64_t row_bytes = w.k * (w.type == WeightType::fp32 ? 4 : 2);
  for (std::int64_t r = 0; r < args.num_rows; ++r) {
    const PanelRow at = panel_row(w, args.first_row + r);
    const Row row{static_cast<const char*>(args.rows) + r * row_bytes, w.type, w.k};
    pack_row(lane_of(args.weights, args.packed, at.panel, at.lane), row, args.weights.range);
    if (at.last && at.num_lanes == 1)
      for (std::int64_t lane = at.lane + 1; lane < kPanel; ++lane)
        pack_zeros(lane_of(args.weights, args.packed, at.panel, lane), w.k);
  }
}

}  // namespace

void add_linear_int8_pack_generic(CpuKernels& table) {
  table.pack_linear_int8 = pack_linear_int8_generic;
}

}  // namespace reranker::kernels
