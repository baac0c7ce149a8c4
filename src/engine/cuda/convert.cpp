#include "engine/cuda/convert.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include <c10/util/BFloat16.h>
#include <c10/util/Float8_e4m3fn.h>
#include <c10/util/Half.h>

#include "engine/pieces.hpp"

namespace reranker::engine::cuda {
namespace {

using kernels::cuda::Type;
using model::DType;

constexpr float kLargestE4m3 = 448.0f;

template <typename Number>
void round_all(const std::vector<float>& values, char* to) {
  auto* out = reinterpret_cast<Number*>(to);
  for (std::size_t i = 0; i < values.size(); ++i) out[i] = static_cast<Number>(values[i]);
}

float scale_of(const float* row, std::int64_t cols) {
  float most = 0;
  for (std::int64_t i = 0; i < cols; ++i) most = std::max(most, std::abs(row[i]));
  return most > 0 ? most / kLargestE4m3 : 1.0f;
}

void quantize(const std::vector<float>& values, std::int64_t cols, char* to, float* scales) {
  auto* out = reinterpret_cast<c10::Float8_e4m3fn*>(to);
  const std::int64_t rows = static_cast<std::int64_t>(values.size()) / cols;
  for (std::int64_t r = 0; r < rows; ++r) {
    const float* row = values.data() + r * cols;
    scales[r] = scale_of(row, cols);
    for (std::int64_t i = 0; i < cols; ++i)
      out[r * cols + i] = static_cast<c10::Float8_e4m3fn>(row[i] / scales[r]);
  }
}

}  // namespace

bool same_type(DType dtype, Type type) {
  return (dtype == DType::f32 && type == Type::fp32) ||
         (dtype == DType::bf16 && type == Type::bf16) ||
         (dtype == DType::f16 && type == Type::fp16);
}

void convert(DType dtype, const char* from, std::int64_t rows, std::int64_t cols, Type type,
             char* to, float* scales) {
  const auto values = widen_all(dtype, from, static_cast<std::size_t>(rows * cols));
  switch (type) {
    case Type::fp32: return round_all<float>(values, to);
    case Type::bf16: return round_all<c10::BFloat16>(values, to);
    case Type::fp16: return round_all<c10::Half>(values, to);
    case Type::e4m3: return quantize(values, cols, to, scales);
  }
}

}  // namespace reranker::engine::cuda
