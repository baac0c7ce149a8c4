#include "engine/arithmetic/made_rows.hpp"
#include "engine/call.hpp"

namespace reranker::engine {
namespace {

using kernels::LinearWeights;

class Bf16 final : public MadeRows {
 public:
  using MadeRows::MadeRows;

  std::string name() const override { return "bf16"; }
  std::string storage(kernels::WeightType) const override { return "bf16"; }

  std::size_t packed_bytes(const LinearWeights& weights) const override {
    return kernels::packed_linear_bf16_bytes(weights);
  }

  void pack(const LinearWeights& weights, void* panels, const WeightRows& rows) const override {
    kernels_.pack_linear_bf16({weights, panels, rows.data, rows.first_row, rows.num_rows});
  }

  const kernels::AttentionKernels& attention() const override { return kernels_.attention_bf16; }

  std::size_t row_bytes(std::int64_t k) const override {
    return static_cast<std::size_t>(kernels::bf16_stride(k)) * sizeof(std::uint16_t);
  }

  std::size_t scratch_bytes(const LinearWeights& weights, std::int64_t num_tokens) const override {
    kernels::LinearBf16Args args{};
    args.weights = weights;
    args.num_tokens = num_tokens;
    args.epilogue = largest_epilogue(weights);
    return kernels_.plan_linear_bf16(args, 1).scratch_bytes;
  }

 private:
  void norm(Call& call, const RowsToMake& rows, const float* weight, float eps) const override {
    const kernels::RmsNormBf16Args args{
        static_cast<std::uint16_t*>(rows.to), rows.x, weight, rows.num_tokens, rows.dim, eps};
    run_kernel(call, args, kernels_.plan_rms_norm_bf16, kernels_.rms_norm_bf16);
  }

  void make(Call& call, const RowsToMake& rows) const override {
    const kernels::RoundBf16Args args{static_cast<std::uint16_t*>(rows.to), rows.x, rows.num_tokens,
                                      rows.dim};
    run_kernel(call, args, kernels_.plan_round_bf16, kernels_.round_bf16);
  }

  void multiply(Call& call, const void* rows, std::int64_t num_tokens, const Projection& projection,
                const Target& target) const override {
    const kernels::LinearBf16Args args{projection.weights, projection.panels,
                                       target.out,         static_cast<const std::uint16_t*>(rows),
                                       target.residual,    num_tokens,
                                       target.epilogue,    target.bias};
    run_kernel(call, args, kernels_.plan_linear_bf16, kernels_.linear_bf16);
  }
};

}  // namespace

std::unique_ptr<Arithmetic> make_bf16(const kernels::CpuKernels& kernels) {
  return std::make_unique<Bf16>(kernels);
}

}  // namespace reranker::engine
