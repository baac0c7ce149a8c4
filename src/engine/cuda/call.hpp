#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "engine/call_scope.hpp"
#include "engine/cuda/types.hpp"
#include "kernels/cuda/attention.hpp"
#include "kernels/cuda/linear.hpp"
#include "runtime/arena.hpp"

namespace reranker::engine::cuda {

/// What operators work with. Arguments of the graph are tensors and numbers alone, so the rest
/// reaches them through the thread that runs the graph.
struct Call {
  kernels::cuda::Stream stream;
  kernels::cuda::Linear& linear;
  runtime::Arena& arena;
  const kernels::cuda::AttentionKernel& attention;
  Types types;
  int device;
  // Device memory.
  const std::int32_t* positions;      // (num_tokens)
  const std::int32_t* token_types;    // (num_tokens)
  const std::int32_t* type_1_begins;  // (num_sequences), as in Batch
  const kernels::cuda::AttentionWork* work;
  std::int32_t num_work;
};

using CallScope = Scope<Call>;

/// The call under way on this thread; valid inside an operator.
inline Call& current_call() {
  return CallScope::current();
}

/// A tensor over memory of the device that outlives it.
at::Tensor view(void* data, at::IntArrayRef shape, at::ScalarType type, int device);

/// Rows of tokens over a block of the call's arena, contents undefined; given back when the graph
/// drops them. Behind rows of e4m3 there is a scale for each.
at::Tensor new_rows(Call& call, std::int64_t num_tokens, std::int64_t width, Type type);

/// A residual that is normed in its place: rows of floats and, behind them where Types::rows is
/// another type, the rows that its norm gives to projections.
at::Tensor new_residual(Call& call, std::int64_t num_tokens, std::int64_t width);
std::size_t bytes_of_residual(std::int64_t rows, std::int64_t width, const Types& types);
void* rows_behind(const at::Tensor& residual);

/// (count) floats over a block of the call's arena.
at::Tensor new_floats(Call& call, std::int64_t count);

/// Bytes of `rows` rows with their scales, as new_rows and projections' weights have them.
std::size_t bytes_of_rows(std::int64_t rows, std::int64_t width, Type type);

/// The scales behind rows of e4m3; null for other types.
float* scales_of(const at::Tensor& rows);

Type type_of(const at::Tensor& tensor);
at::ScalarType scalar_type(Type type);

}  // namespace reranker::engine::cuda
