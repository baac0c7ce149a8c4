#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "kernels/cuda/types.hpp"

// linear: out = x weight^T, or out += x weight^T, by cuBLASLt.
//
// The algorithm of a shape (n, k, types) is chosen once, when it is prepared, among those that sum
// over all of k in one piece (no split-K, no stream-K), and then used for every number of rows: so
// that a row's bits never depend on the rows beside it.

namespace reranker::kernels::cuda {

struct LinearShape {
  std::int32_t n;  // rows of the weight
  std::int32_t k;
  Type type;      // of x and weight: fp32 (true fp32, no tf32), bf16, fp16, e4m3
  Type out_type;  // fp32, or for 16-bit inputs the same type; of e4m3: fp32 or bf16
};

struct LinearArgs {
  LinearShape shape;
  void* out;                   // (num_tokens, n)
  const void* x;               // (num_tokens, k)
  const void* weight;          // (n, k)
  const float* x_scales;       // (num_tokens), of e4m3; else null
  const float* weight_scales;  // (n), of e4m3; else null
  std::int32_t num_tokens;
  bool accumulate;  // out += (out_type fp32 alone)
};

/// cuBLASLt on the device that is current when it is made, with its workspace. Bound to that
/// device; one call at a time.
class Linear {
 public:
  Linear();
  ~Linear();
  Linear(const Linear&) = delete;
  Linear& operator=(const Linear&) = delete;

  /// Makes the handle and takes the workspace.
  Status open();
  /// Chooses the algorithm of a shape; runs none of them on anything but scratch of its own.
  Status prepare(const LinearShape& shape);
  /// Of a shape that was prepared.
  Status run(const LinearArgs& args, Stream stream);

  /// For people: a line for each shape, "2048 x 8192 bf16 -> fp32: algorithm 66, tile 128x256".
  std::vector<std::string> choices() const;
  std::size_t workspace_bytes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace reranker::kernels::cuda
