#include "kernels/cpu/bf16_layout.hpp"

#include "kernels/cpu/cuts.hpp"

namespace reranker::kernels {
namespace {

// A cache line of words, and 16 pairs of columns.
constexpr std::int64_t kStrideMultiple = 32;

}  // namespace

std::int64_t bf16_stride(std::int64_t dim) {
  return divide_up(dim, kStrideMultiple) * kStrideMultiple;
}

std::int64_t bf16_panel_words(const LinearWeights& weights) {
  return kPanel * bf16_stride(weights.k);
}

std::size_t packed_linear_bf16_bytes(const LinearWeights& weights) {
  return static_cast<std::size_t>(num_panels(weights) * bf16_panel_words(weights) * 2);
}

}  // namespace reranker::kernels
