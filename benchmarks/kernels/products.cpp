#include <string>
#include <vector>

#include "benchmarks/kernels/lines.hpp"
#include "benchmarks/operands.hpp"

namespace reranker::kernels {
namespace {

const char* suffix_of(Epilogue epilogue) {
  switch (epilogue) {
    case Epilogue::store: return "";
    case Epilogue::add: return " add";
    case Epilogue::swiglu: return " swiglu";
    case Epilogue::gelu: return " gelu";
  }
  return "";
}

}  // namespace

void bench_linear(const Options& options, std::int64_t n, std::int64_t k, Epilogue epilogue,
                  WeightType type, std::int64_t tokens) {
  const std::string name = std::string("linear ") + name_of(type) + " n " + std::to_string(n) +
                           " k " + std::to_string(k) + suffix_of(epilogue) + " m " +
                           std::to_string(tokens);
  if (!wanted(options, name)) return;
  const LinearWeights shape{n, k, type,
                            epilogue == Epilogue::swiglu ? RowOrder::gate_up : RowOrder::plain};
  const auto x = numbers(tokens * k);
  const auto residual = numbers(tokens * n);
  std::vector<float> out(static_cast<std::size_t>(tokens * n));
  const Memory packed(packed_linear_bytes(shape));
  auto source = numbers(type == WeightType::fp32 ? n * k : n * k / 2);  // bits of any kind
  for (float& v : source) v *= 0.01f;
  options.kernels->pack_linear({shape, packed.data(), source.data(), 0, n});
  const LinearArgs args{shape,           packed.data(), out.data(), x.data(),
                        residual.data(), tokens,        epilogue};
  const Memory scratch(options.kernels->plan_linear(args, 1).scratch_bytes);
  const double flops = 2.0 * static_cast<double>(n * k * tokens);
  const double bytes = tokens <= 16 ? static_cast<double>(packed_linear_bytes(shape)) : 0;
  measure(options, name, flops, bytes, [&] {
    run(args, options.kernels->plan_linear, options.kernels->linear, scratch.data());
  });
}

void bench_linear_int8(const Options& options, std::int64_t n, std::int64_t k, Epilogue epilogue,
                       std::int64_t tokens) {
  const CpuKernels& kernels = *options.kernels;
  const std::string name = std::string("linear_int8 ") + kernels.int8_sequence + " n " +
                           std::to_string(n) + " k " + std::to_string(k) + suffix_of(epilogue) +
                           " m " + std::to_string(tokens);
  if (!wanted(options, name)) return;
  const LinearInt8Weights weights{
      {n, k, WeightType::fp32, epilogue == Epilogue::swiglu ? RowOrder::gate_up : RowOrder::plain},
      kernels.int8_range};
  const Memory packed(packed_linear_int8_bytes(weights));
  kernels.pack_linear_int8({weights, packed.data(), numbers(n * k).data(), 0, n});
  std::vector<std::uint8_t> codes(static_cast<std::size_t>(tokens * int8_stride(k)), 200);
  const auto scales = numbers(tokens);
  const auto residual = numbers(tokens * n);
  std::vector<float> out(static_cast<std::size_t>(tokens * n));
  const LinearInt8Args args{weights,       packed.data(),   out.data(), codes.data(),
                            scales.data(), residual.data(), tokens,     epilogue};
  const Memory scratch(kernels.plan_linear_int8(args, 1).scratch_bytes);
  const double bytes = tokens <= 16 ? static_cast<double>(packed_linear_int8_bytes(weights)) : 0;
  measure(
      options, name, 2.0 * static_cast<double>(n * k * tokens), bytes,
      [&] { run(args, kernels.plan_linear_int8, kernels.linear_int8, scratch.data()); }, int8_peak);
}

void bench_linear_bf16(const Options& options, std::int64_t n, std::int64_t k, Epilogue epilogue,
                       std::int64_t tokens) {
  const CpuKernels& kernels = *options.kernels;
  const std::string name = "linear_bf16 n " + std::to_string(n) + " k " + std::to_string(k) +
                           suffix_of(epilogue) + " m " + std::to_string(tokens);
  if (kernels.bf16_sequence == nullptr || !wanted(options, name)) return;
  const LinearWeights shape{n, k, WeightType::fp32,
                            epilogue == Epilogue::swiglu ? RowOrder::gate_up : RowOrder::plain};
  const Memory packed(packed_linear_bf16_bytes(shape));
  kernels.pack_linear_bf16({shape, packed.data(), numbers(n * k).data(), 0, n});
  std::vector<std::uint16_t> x(static_cast<std::size_t>(tokens * bf16_stride(k)));
  run(RoundBf16Args{x.data(), numbers(tokens * k).data(), tokens, k}, kernels.plan_round_bf16,
      kernels.round_bf16, nullptr);
  const auto residual = numbers(tokens * n);
  std::vector<float> out(static_cast<std::size_t>(tokens * n));
  const LinearBf16Args args{shape,           packed.data(), out.data(), x.data(),
                            residual.data(), tokens,        epilogue};
  const Memory scratch(kernels.plan_linear_bf16(args, 1).scratch_bytes);
  const double bytes = tokens <= 16 ? static_cast<double>(packed_linear_bf16_bytes(shape)) : 0;
  measure(
      options, name, 2.0 * static_cast<double>(n * k * tokens), bytes,
      [&] { run(args, kernels.plan_linear_bf16, kernels.linear_bf16, scratch.data()); }, bf16_peak);
}

}  // namespace reranker::kernels
