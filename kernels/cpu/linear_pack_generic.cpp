#include "kernels/cpu/linear_layout.hpp"
#include "kernels/cpu/scalar.hpp"
#include "kernels/cpu/tables.hpp"

namespace reranker::kernels {
namespace {

// `row` (k), or zeros where it is null, into one lane of a panel. Word `lane` of the 16 that a
// step of k has: 8 dwords with row j low and row 8 + j high are words 2j and 2j + 1.
void pack_lane_bf16(void* panel, std::int64_t lane, const void* row, std::int64_t k) {
  auto* to = static_cast<std::uint16_t*>(panel) + lane % 8 * 2 + lane / 8;
  const auto* from = static_cast<const std::uint16_t*>(row);
  for (std::int64_t i = 0; i < k; ++i) to[i * kPanel] = from != nullptr ? from[i] : 0;
}

void pack_lane_fp16(void* panel, std::int64_t lane, const void* row, std::int64_t k) {
  auto* to = static_cast<float*>(panel) + lane;
  const auto* from = static_cast<const std::uint16_t*>(row);
  for (std::int64_t i = 0; i < k; ++i) to[i * kPanel] = from != nullptr ? widen_fp16(from[i]) : 0;
}

void pack_lane_fp32(void* panel, std::int64_t lane, const void* row, std::int64_t k) {
  auto* to = static_cast<float*>(panel) + lane;
  const auto* from = static_cast<const float*>(row);
  for (std::int64_t i = 0; i < k; ++i) to[i * kPanel] = from != nullptr ? from[i] : 0;
}

using PackLane = void (*)(void* panel, std::int64_t lane, const void* row, std::int64_t k);

PackLane pack_lane_of(WeightType type) {
  if (type == WeightType::bf16) return pack_lane_bf16;
  return type == WeightType::fp16 ? pack_lane_fp16 : pack_lane_fp32;
}

void pack_linear_generic(const PackLinearArgs& args) {
  const LinearWeights& w = args.weights;
  const PackLane pack_lane = pack_lane_of(w.type);
  const std::int64_t row_bytes = w.k * (w.type == WeightType::fp32 ? 4 : 2);
  for (std::int64_t r = 0; r < args.num_rows; ++r) {
    const PanelRow at = panel_row(w, args.first_row + r);
    char* panel = static_cast<char*>(args.packed) + at.panel * panel_bytes(w);
    pack_lane(panel, at.lane, static_cast<const char*>(args.rows) + r * row_bytes, w.k);
    if (at.last && at.num_lanes == 1)
      for (std::int64_t lane = at.lane + 1; lane < kPanel; ++lane)
        pack_lane(panel, lane, nullptr, w.k);
  }
}

}  // namespace

void add_linear_pack_generic(CpuKernels& table) {
  table.pack_linear = pack_linear_generic;
}

}  // namespace reranker::kernels
