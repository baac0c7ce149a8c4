#include "kernels/cpu/linear_layout.hpp"

#include "kernels/cpu/cuts.hpp"

namespace reranker::kernels {
namespace {

// Long enough that adding a block to the sum before it is under 2 % of the block's work, short
// enough that a bf16 panel's block (16 KiB) and six rows of x (12 KiB) share a 32 KiB L1 cache.
constexpr std::int64_t kMaxBlock = 512;
constexpr std::int64_t kBlockMultiple = 8;

std::int64_t rows_of_half(const LinearWeights& weights) {
  return weights.order == RowOrder::gate_up ? weights.n / 2 : weights.n;
}

}  // namespace

std::int64_t linear_block(std::int64_t k) {
  if (k <= 0) return kBlockMultiple;
  const std::int64_t even = divide_up(k, divide_up(k, kMaxBlock));
  return divide_up(even, kBlockMultiple) * kBlockMultiple;
}

std::int64_t linear_num_blocks(std::int64_t k) {
  return divide_up(k, linear_block(k));
}

std::int64_t num_panels(const LinearWeights& weights) {
  const std::int64_t halves = weights.order == RowOrder::gate_up ? 2 : 1;
  return halves * divide_up(rows_of_half(weights), kPanel);
}

std::int64_t num_panel_pairs(const LinearWeights& weights) {
  return divide_up(num_panels(weights), 2);
}

std::int64_t panel_bytes(const LinearWeights& weights) {
  return weights.k * kPanel * (weights.type == WeightType::bf16 ? 2 : 4);
}

std::size_t packed_linear_bytes(const LinearWeights& weights) {
  return static_cast<std::size_t>(num_panels(weights) * panel_bytes(weights));
}

PanelRow panel_row(const LinearWeights& weights, std::int64_t row) {
  const std::int64_t half_rows = rows_of_half(weights);
  const std::int64_t half = row / half_rows;  // 1 for a row of the up projection
  const std::int64_t in_half = row % half_rows;
  const std::int64_t stride = weights.order == RowOrder::gate_up ? 2 : 1;
  const std::int64_t lane = in_half % kPanel;
  const std::int64_t to_end = half_rows - in_half;
  const std::int64_t num_lanes = to_end < kPanel - lane ? to_end : kPanel - lane;
  return {in_half / kPanel * stride + half, lane, num_lanes, num_lanes == to_end};
}

}  // namespace reranker::kernels
