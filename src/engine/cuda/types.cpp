#include "engine/cuda/types.hpp"

#include <fmt/format.h>

#include "engine/cuda/plan.hpp"

namespace reranker::engine::cuda {
namespace {

Types fp8_types(const Device& device) {
  if (device.info.capability < 89)
    throw Error(
        ErrorCode::unsupported,
        fmt::format("precision is fp8, which {} ({}) does not compute in; capability 8.9 or "
                    "later, or another precision wanted",
                    device.name(), device.isa()));
  return {Type::bf16, Type::e4m3};
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

// Rows are moved 16 bytes at a time, and attention has tiles for a few sizes of a head alone.
void require_supported(const model::Network& network, const Types& types) {
  const Widths widths(network);
  const std::int64_t step = types.rows == Type::e4m3 ? 16 : 8;
  for (const std::int64_t width : {widths.hidden, widths.attention, widths.gate_up / 2})
    if (width % step != 0)
      throw Error(ErrorCode::unsupported,
                  fmt::format("rows of {} numbers, a multiple of {} wanted by the CUDA engine",
                              width, step));
  if (network.head_dim != 32 && network.head_dim != 64 && network.head_dim != 128)
    throw Error(
        ErrorCode::unsupported,
        fmt::format("head_dim is {}, 32, 64 or 128 wanted by the CUDA engine", network.head_dim));
}

}  // namespace reranker::engine::cuda
