#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include <reranker/error.hpp>

#include "engine/arithmetic/made_rows.hpp"
#include "engine/call.hpp"

namespace reranker::engine {
namespace {

using kernels::LinearWeights;
using kernels::WeightType;

constexpr std::int64_t kRowsAtOnce = 16;  // packing is fastest from a multiple of it

// Rows of 8-bit codes in one block of memory: the codes of all rows, then a scale for each.
struct Codes {
  std::uint8_t* codes;
  float* scales;

  Codes(void* block, std::int64_t num_tokens, std::int64_t dim)
      : codes(static_cast<std::uint8_t*>(block)),
        scales(reinterpret_cast<float*>(codes + num_tokens * kernels::int8_stride(dim))) {}
};

class Int8 final : public MadeRows {
 public:
  Int8(const kernels::CpuKernels& kernels, kernels::Int8Range range)
      : MadeRows(kernels), range_(range) {}

  std::string name() const override { return "int8"; }
  std::string storage(WeightType) const override {
    return range_ == kernels::Int8Range::full ? "int8" : "int8 quads";
  }

  // Half of a model with a large vocabulary is its table. BERT's, which is smaller, stays.
  bool codes_embeddings() const override { return true; }

  std::size_t packed_bytes(const LinearWeights& weights) const override {
    if (weights.k > kernels::kMaxInt8Columns)
      throw Error(ErrorCode::unsupported,
                  fmt::format("a projection of {} columns, in int8 at most {} wanted", weights.k,
                              kernels::kMaxInt8Columns));
    return kernels::packed_linear_int8_bytes(codes_of(weights));
  }

  // A few at a time, so that rotated rows are still in a cache when they become codes.
  void pack(const LinearWeights& weights, void* panels, const WeightRows& rows) const override {
    const std::int64_t row_bytes = weights.k * (weights.type == WeightType::fp32 ? 4 : 2);
    std::vector<float> rotated(static_cast<std::size_t>(kRowsAtOnce * weights.k));
    for (std::int64_t row = 0; row < rows.num_rows; row += kRowsAtOnce) {
      const std::int64_t count = std::min(kRowsAtOnce, rows.num_rows - row);
      const char* data = static_cast<const char*>(rows.data) + row * row_bytes;
      kernels_.rotate_rows({rotated.data(), data, weights.type, count, weights.k});
      kernels_.pack_linear_int8(
          {codes_of(weights), panels, rotated.data(), rows.first_row + row, count});
    }
  }

  // Where there is one: its rounding is a fraction of that of codes.
  const kernels::AttentionKernels& attention() const override {
    return kernels_.attention_bf16.run != nullptr ? kernels_.attention_bf16 : kernels_.attention;
  }

  std::size_t row_bytes(std::int64_t k) const override {
    return static_cast<std::size_t>(kernels::int8_stride(k)) + sizeof(float);
  }

  std::size_t scratch_bytes(const LinearWeights& weights, std::int64_t num_tokens) const override {
    kernels::LinearInt8Args args{};
    args.weights = codes_of(weights);
    args.num_tokens = num_tokens;
    args.epilogue = largest_epilogue(weights);
    kernels::QuantizeArgs quantize{};
    quantize.num_tokens = num_tokens;
    quantize.dim = weights.k;
    return std::max(kernels_.plan_linear_int8(args, 1).scratch_bytes,
                    kernels_.plan_quantize(quantize, 1).scratch_bytes);
  }

 private:
  // Rotated rows are fp32, whatever they were.
  kernels::LinearInt8Weights codes_of(LinearWeights weights) const {
    weights.type = WeightType::fp32;
    return {weights, range_};
  }

  void norm(Call& call, const RowsToMake& rows, const float* weight, float eps) const override {
    const Codes codes(rows.to, rows.num_tokens, rows.dim);
    const kernels::RmsNormQuantizeArgs args{codes.codes,     codes.scales, rows.x, weight,
                                            rows.num_tokens, rows.dim,     eps};
    run_kernel(call, args, kernels_.plan_rms_norm_quantize, kernels_.rms_norm_quantize);
  }

  void make(Call& call, const RowsToMake& rows) const override {
    const Codes codes(rows.to, rows.num_tokens, rows.dim);
    const kernels::QuantizeArgs args{codes.codes, codes.scales, rows.x, rows.num_tokens, rows.dim};
    run_kernel(call, args, kernels_.plan_quantize, kernels_.quantize);
  }

  void multiply(Call& call, const void* rows, std::int64_t num_tokens, const Projection& projection,
                const Target& target) const override {
    const Codes codes(const_cast<void*>(rows), num_tokens, projection.weights.k);
    const kernels::LinearInt8Args args{codes_of(projection.weights),
                                       projection.panels,
                                       target.out,
                                       codes.codes,
                                       codes.scales,
                                       target.residual,
                                       num_tokens,
                                       target.epilogue,
                                       target.bias};
    run_kernel(call, args, kernels_.plan_linear_int8, kernels_.linear_int8);
  }

  kernels::Int8Range range_;
};

}  // namespace

std::unique_ptr<Arithmetic> make_int8(const kernels::CpuKernels& kernels,
                                      kernels::Int8Range range) {
  return std::make_unique<Int8>(kernels, range);
}

}  // namespace reranker::engine
