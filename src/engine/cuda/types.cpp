#include "engine/cuda/types.hpp"

#include <fmt/format.h>

#include "engine/cuda/plan.hpp"

namespace reranker::engine::cuda {
namespace {

// Where cuBLASLt multiplies e4m3 with a scale a row (kernels/cuda/linear.hpp).
constexpr int kFp8Capability = 90;

Types fp8_types(const Device& device) {
  if (device.info.capability != kFp8Capability)
    throw Error(ErrorCode::unsupported,
                fmt::format("precision is fp8, which {} ({}) does not compute in; capability 9.0, "
                            "or another precision wanted",
                            device.name(), device.isa()));
  return {Type::bf16, Type::e4m3};
}

void require(bool holds, const char* name, std::int64_t value, const std::string& wanted) {
  if (!holds)
    throw Error(ErrorCode::unsupported,
                fmt::format("{} is {}, {} wanted by the CUDA engine", name, value, wanted));
}

}  // namespace

Types choose_types(Precision precision, const Device& device) {
  switch (precision) {
    case Precision::automatic:  // as fast as bf16, and three bits nearer to fp32
    case Precision::fp16: return {Type::fp16, Type::fp16};
    case Precision::bf16: return {Type::bf16, Type::bf16};
    case Precision::fp32: return {Type::fp32, Type::fp32};
    case Precision::fp8: return fp8_types(device);
    case Precision::int8: break;
  }
  throw Error(ErrorCode::unsupported,
              "precision is int8: the CUDA engine computes in fp32, bf16, fp16 or fp8; one of them "
              "or automatic wanted");
}

const char* name(const Types& types) {
  return types.rows == Type::e4m3 ? "fp8" : kernels::cuda::name(types.type);
}

// Rows are moved 16 bytes at a time, kernels that need all of a row have it in a block's registers
// (kernels/cuda/row.hpp), and attention has tiles for a few sizes of a head alone.
void require_supported(const model::Network& network, const Types& types) {
  constexpr std::int64_t kMostHidden = 16384, kMostScaled = 32768;
  const Widths widths(network);
  if (types.rows == Type::e4m3 && widths.norms_residual)
    throw Error(ErrorCode::unsupported,
                fmt::format("precision is fp8, which the CUDA engine does not compute {} in; fp32, "
                            "bf16, fp16 or automatic wanted",
                            network.architecture));
  const std::int64_t intermediate = widths.mlp;
  const std::int64_t step = types.rows == Type::e4m3 ? 16 : 8;
  const auto multiple = fmt::format("a multiple of {}", step);
  require(widths.hidden % step == 0, "hidden_size", widths.hidden, multiple);
  require(widths.attention % step == 0, "heads times head_dim", widths.attention, multiple);
  require(intermediate % step == 0, "intermediate_size", intermediate, multiple);
  require(widths.hidden <= kMostHidden, "hidden_size", widths.hidden,
          fmt::format("at most {}", kMostHidden));
  require(types.rows != Type::e4m3 || intermediate <= kMostScaled, "intermediate_size",
          intermediate, fmt::format("at most {} in fp8", kMostScaled));
  const std::int64_t head_dim = network.head_dim;
  require(head_dim == 32 || head_dim == 64 || head_dim == 128, "head_dim", head_dim,
          "32, 64 or 128");
}

}  // namespace reranker::engine::cuda
