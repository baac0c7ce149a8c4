#include "kernels/cpu/int8_scalar.hpp"
#include "kernels/cpu/rotate_scalar.hpp"
#include "kernels/cpu/tables.hpp"

namespace reranker::kernels {
namespace {

void codes_of_row(std::uint8_t* codes, float* scale, const float* y, std::int64_t dim) {
  float m = kMinMagnitude;
  for (std::int64_t i = 0; i < dim; ++i) m = larger_magnitude(m, y[i]);
  *scale = m / 127.0f;
  const float inverse = 127.0f / m;
  for (std::int64_t i = 0; i < dim; ++i)
    codes[i] = static_cast<std::uint8_t>(quantized(y[i], inverse) + kZeroCode);
  for (std::int64_t i = dim; i < int8_stride(dim); ++i) codes[i] = kZeroCode;
}

// A row whose element i is value(i), rotated in y.
template <typename Value>
void quantize_row(std::uint8_t* codes, float* scale, float* y, std::int64_t dim,
                  const Value& value) {
  const std::int64_t block = rotation_block(dim);
  for (std::int64_t i = 0; i < dim; ++i) y[i] = value(i) * rotation_scale(block);
  for (std::int64_t i = 0; i < dim; i += block) turn_block(y + i, block);
  codes_of_row(codes, scale, y, dim);
}

void quantize_generic(const QuantizeArgs& args, const Plan& plan, std::int64_t task,
                      void* scratch) {
  const RowRange tokens = part_of(args.num_tokens, task, plan.num_tasks);
  for (std::int64_t t = tokens.begin; t < tokens.end; ++t) {
    const float* x = args.x + t * args.dim;
    quantize_row(args.codes + t * int8_stride(args.dim), args.scales + t,
                 static_cast<float*>(scratch), args.dim, [&](std::int64_t i) { return x[i]; });
  }
}

void rms_norm_quantize_generic(const RmsNormQuantizeArgs& args, const Plan& plan, std::int64_t task,
                               void* scratch) {
  const RowRange tokens = part_of(args.num_tokens, task, plan.num_tasks);
  for (std::int64_t t = tokens.begin; t < tokens.end; ++t) {
    const float* x = args.x + t * args.dim;
    const float r = inverse_rms(x, args.dim, args.eps);
    quantize_row(args.codes + t * int8_stride(args.dim), args.scales + t,
                 static_cast<float*>(scratch), args.dim,
                 [&](std::int64_t i) { return (x[i] * r) * args.weight[i]; });
  }
}

}  // namespace

void add_quantize_generic(CpuKernels& table) {
  table.quantize = quantize_generic;
  table.rms_norm_quantize = rms_norm_quantize_generic;
}

}  // namespace reranker::kernels
