#pragma once

#include "engine/arithmetic/arithmetic.hpp"

namespace reranker::engine {

/// A row of floats on its way into a smaller form: (num_tokens, dim), and where it goes.
struct RowsToMake {
  void* to;  // num_tokens * row_bytes(dim)
  const float* x;
  std::int64_t num_tokens;
  std::int64_t dim;
};

/// An arithmetic whose rows are no floats. They travel through the graph as one block of bytes, a
/// byte tensor (num_tokens, row_bytes(dim)) by its size alone: its rows are no rows of tokens. Or
/// they are made where a projection meets floats.
class MadeRows : public Arithmetic {
 public:
  using Arithmetic::Arithmetic;

  at::Tensor rms_norm(Call& call, const at::Tensor& x, const at::Tensor& weight,
                      float eps) const final;
  void project(Call& call, const at::Tensor& x, const Projection& projection,
               const Target& target) const final;

 private:
  virtual void norm(Call& call, const RowsToMake& rows, const float* weight, float eps) const = 0;
  virtual void make(Call& call, const RowsToMake& rows) const = 0;
  virtual void multiply(Call& call, const void* rows, std::int64_t num_tokens,
                        const Projection& projection, const Target& target) const = 0;
};

}  // namespace reranker::engine
