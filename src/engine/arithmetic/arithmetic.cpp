#include "engine/arithmetic/arithmetic.hpp"

#include <fmt/format.h>

#include <reranker/error.hpp>

namespace reranker::engine {

kernels::Epilogue largest_epilogue(const kernels::LinearWeights& weights) {
  return weights.order == kernels::RowOrder::gate_up ? kernels::Epilogue::swiglu
                                                     : kernels::Epilogue::add;
}

std::unique_ptr<Arithmetic> make_arithmetic(Precision precision, const kernels::CpuKernels& kernels,
                                            kernels::Int8Range int8_range) {
  if (precision == Precision::int8) return make_int8(kernels, int8_range);
  if (precision != Precision::bf16) return make_fp32(kernels);
  if (kernels.bf16_sequence == nullptr)
    throw Error(ErrorCode::unsupported,
                fmt::format("precision is bf16, which the {} kernels do not compute in: a "
                            "processor with AVX512-BF16, or fp32 or int8 wanted",
                            kernels.isa));
  return make_bf16(kernels);
}

}  // namespace reranker::engine
