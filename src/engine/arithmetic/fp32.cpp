#include "engine/arithmetic/arithmetic.hpp"
#include "engine/call.hpp"

namespace reranker::engine {
namespace {

using kernels::LinearArgs;
using kernels::LinearWeights;

class Fp32 final : public Arithmetic {
 public:
  using Arithmetic::Arithmetic;

  std::string name() const override { return "fp32"; }
  std::string storage(kernels::WeightType type) const override {
    return type == kernels::WeightType::bf16 ? "bf16" : "fp32";
  }

  std::size_t packed_bytes(const LinearWeights& weights) const override {
    return kernels::packed_linear_bytes(weights);
  }

  void pack(const LinearWeights& weights, void* panels, const WeightRows& rows) const override {
    kernels_.pack_linear({weights, panels, rows.data, rows.first_row, rows.num_rows});
  }

  std::size_t row_bytes(std::int64_t) const override { return 0; }

  std::size_t scratch_bytes(const LinearWeights& weights, std::int64_t num_tokens) const override {
    LinearArgs args{};
    args.weights = weights;
    args.num_tokens = num_tokens;
    args.epilogue = largest_epilogue(weights);
    return kernels_.plan_linear(args, 1).scratch_bytes;
  }

  at::Tensor rms_norm(Call& call, const at::Tensor& x, const at::Tensor& weight,
                      float eps) const override {
    at::Tensor out = new_floats(call, x.sizes());
    const kernels::RmsNormArgs args{out.mutable_data_ptr<float>(),
                                    x.const_data_ptr<float>(),
                                    weight.const_data_ptr<float>(),
                                    x.size(0),
                                    x.size(1),
                                    eps};
    run_kernel(call, args, kernels_.plan_rms_norm, kernels_.rms_norm);
    return out;
  }

  void project(Call& call, const at::Tensor& x, const Projection& projection,
               const Target& target) const override {
    const LinearArgs args{projection.weights,        projection.panels, target.out,
                          x.const_data_ptr<float>(), target.residual,   x.size(0),
                          target.epilogue,           target.bias};
    run_kernel(call, args, kernels_.plan_linear, kernels_.linear);
  }
};

}  // namespace

std::unique_ptr<Arithmetic> make_fp32(const kernels::CpuKernels& kernels) {
  return std::make_unique<Fp32>(kernels);
}

}  // namespace reranker::engine
