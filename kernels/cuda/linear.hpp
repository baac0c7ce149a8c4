#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "kernels/cuda/types.hpp"

// linear: out = x weight^T, or out += x weight^T, by cuBLASLt.
//
// The algorithms of a shape (n, k, types), one for each range of rows, are chosen once, when it is
// prepared, among those that sum over all of k in one piece (no split-K) and whose results are
// equal bit for bit (linear_choice.hpp): so that a row's bits never depend on the rows beside it.

namespace reranker::kernels::cuda {

struct LinearShape {
  std::int32_t n;  // rows of the weight
  std::int32_t k;
  Type type;      // of x and weight: fp32 (true fp32, no tf32), bf16, fp16, e4m3 (sm_90 alone)
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
  /// Chooses the algorithms of a shape, on scratch of its own: 4096 rows of x and out, and a
  /// weight, given back when it returns.
  Status prepare(const LinearShape& shape);
  /// Of a shape that was prepared.
  Status run(const LinearArgs& args, Stream stream);

  /// For people: lines as "2048 x 8192 bf16 -> fp32, up to 128 rows: algorithm 66, tile 23", with
  /// cuBLASLt's numbers.
  std::vector<std::string> choices() const;
  /// What else bits depend on beside the device: "cuBLASLt 130001", say.
  static std::string library();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace reranker::kernels::cuda
