#include "engine/cuda/call.hpp"

#include <ATen/ops/from_blob.h>

#include "engine/block.hpp"

namespace reranker::engine::cuda {
namespace {

at::TensorOptions on_device(at::ScalarType type, int device) {
  return at::TensorOptions(type).device(at::kCUDA, static_cast<at::DeviceIndex>(device));
}

at::Tensor take(Call& call, std::size_t bytes, at::IntArrayRef shape, at::ScalarType type) {
  return new_tensor(call.arena, rounded(bytes), shape, on_device(type, call.device));
}

std::size_t bytes_without_scales(std::int64_t rows, std::int64_t width, Type type) {
  return static_cast<std::size_t>(rows * width * kernels::cuda::size_in_bytes(type));
}

}  // namespace

at::Tensor view(void* data, at::IntArrayRef shape, at::ScalarType type, int device) {
  const at::TensorOptions options = on_device(type, device);
  return at::for_blob(data, shape).options(options).target_device(options.device()).make_tensor();
}

at::Tensor new_rows(Call& call, std::int64_t num_tokens, std::int64_t width, Type type) {
  return take(call, bytes_of_rows(num_tokens, width, type), {num_tokens, width}, scalar_type(type));
}

at::Tensor new_residual(Call& call, std::int64_t num_tokens, std::int64_t width) {
  return take(call, bytes_of_residual(num_tokens, width, call.types), {num_tokens, width},
              at::kFloat);
}

std::size_t bytes_of_residual(std::int64_t rows, std::int64_t width, const Types& types) {
  return bytes_of_rows(rows, width, Type::fp32) +
         (types.rows == Type::fp32 ? 0 : bytes_of_rows(rows, width, types.rows));
}

void* rows_behind(const at::Tensor& residual) {
  return static_cast<char*>(residual.mutable_data_ptr()) +
         bytes_of_rows(residual.size(0), residual.size(1), Type::fp32);
}

at::Tensor new_floats(Call& call, std::int64_t count) {
  return take(call, static_cast<std::size_t>(count) * sizeof(float), {count}, at::kFloat);
}

std::size_t bytes_of_rows(std::int64_t rows, std::int64_t width, Type type) {
  const std::size_t bytes = rounded(bytes_without_scales(rows, width, type));
  return type == Type::e4m3 ? bytes + rounded(static_cast<std::size_t>(rows) * sizeof(float))
                            : bytes;
}

float* scales_of(const at::Tensor& rows) {
  if (type_of(rows) != Type::e4m3) return nullptr;
  auto* const data = static_cast<char*>(rows.mutable_data_ptr());
  return reinterpret_cast<float*>(
      data + rounded(bytes_without_scales(rows.size(0), rows.size(1), Type::e4m3)));
}

Type type_of(const at::Tensor& tensor) {
  switch (tensor.scalar_type()) {
    case at::kBFloat16: return Type::bf16;
    case at::kHalf: return Type::fp16;
    case at::kFloat8_e4m3fn: return Type::e4m3;
    default: return Type::fp32;
  }
}

at::ScalarType scalar_type(Type type) {
  switch (type) {
    case Type::bf16: return at::kBFloat16;
    case Type::fp16: return at::kHalf;
    case Type::e4m3: return at::kFloat8_e4m3fn;
    case Type::fp32: break;
  }
  return at::kFloat;
}

}  // namespace reranker::engine::cuda
