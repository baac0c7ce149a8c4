#include "kernels/cpu/bf16_layout.hpp"
#include "kernels/cpu/bf16_scalar.hpp"
#include "kernels/cpu/tables.hpp"

namespace reranker::kernels {
namespace {

std::uint16_t word_of(const void* row, WeightType type, std::int64_t i) {
  if (type == WeightType::fp32) return rounded_to_bf16(static_cast<const float*>(row)[i]);
  const std::uint16_t word = static_cast<const std::uint16_t*>(row)[i];
  return type == WeightType::bf16 ? word : rounded_to_bf16(widen_fp16(word));
}

// `row` (k), or zeros where it is null, into one lane of a panel.
void pack_lane(std::uint16_t* panel, std::int64_t lane, const void* row, const LinearWeights& w) {
  for (std::int64_t i = 0; i < bf16_stride(w.k); ++i)
    panel[i / 2 * 32 + lane * 2 + i % 2] =
        row != nullptr && i < w.k ? word_of(row, w.type, i) : std::uint16_t{0};
}

void pack_linear_bf16_generic(const PackLinearBf16Args& args) {
  const LinearWeights& w = args.weights;
  const std::int64_t row_bytes = w.k * (w.type == WeightType::fp32 ? 4 : 2);
  for (std::int64_t r = 0; r < args.num_rows; ++r) {
    const PanelRow at = panel_row(w, args.first_row + r);
    auto* panel = static_cast<std::uint16_t*>(args.packed) + at.panel * bf16_panel_words(w);
    pack_lane(panel, at.lane, static_cast<const char*>(args.rows) + r * row_bytes, w);
    if (at.last && at.num_lanes == 1)
      for (std::int64_t lane = at.lane + 1; lane < kPanel; ++lane)
        pack_lane(panel, lane, nullptr, w);
  }
}

}  // namespace

void add_linear_bf16_pack_generic(CpuKernels& table) {
  table.pack_linear_bf16 = pack_linear_bf16_generic;
}

}  // namespace reranker::kernels
