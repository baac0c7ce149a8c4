#pragma once

#include "kernels/cpu/math_avx512.hpp"
#include "kernels/linear.hpp"

// What follows the products of a linear*_avx512*.cpp. Everything is local to the file that includes
// it.

namespace reranker::kernels {
namespace {

/// The 16 sums at `sum`, of which `lanes` belong to the matrix, with bias and epilogue into `out`
/// at `at`, which is in column `column`. Not for swiglu.
template <Epilogue epilogue, typename Args>
inline void finish_sixteen(const Args& args, const float* sum, std::int64_t at, std::int64_t column,
                           std::int64_t lanes) {
  Floats y = load(sum);
  if (args.bias != nullptr) y = add(y, load_first(args.bias + column, lanes));
  if (epilogue == Epilogue::add) y = add(y, load_first(args.residual + at, lanes));
  if (epilogue == Epilogue::gelu) y = gelu_of(y);
  store_first(args.out + at, y, lanes);
}

}  // namespace
}  // namespace reranker::kernels
