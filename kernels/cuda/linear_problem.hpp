#pragma once

#include <cublasLt.h>

#include <vector>

#include "kernels/cuda/device.hpp"
#include "kernels/cuda/linear.hpp"

// A shape in cuBLASLt's terms. It counts by columns, so it computes out^T (n x rows) =
// weight (k x n, transposed) x^T (k x rows): both operands have k innermost.

namespace reranker::kernels::cuda {

using LinearAlgorithm = cublasLtMatmulAlgo_t;

inline Status linear_status(cublasStatus_t status) {
  return status == CUBLAS_STATUS_SUCCESS ? kSuccess : kFirstLinearStatus + status;
}

/// A handle and its workspace.
struct LinearDevice {
  cublasLtHandle_t handle = nullptr;
  void* workspace = nullptr;
  std::size_t workspace_bytes = 0;
};

/// One product, cheap to make.
class LinearProblem {
 public:
  /// Of `num_rows` tokens; `status` says whether cuBLASLt knows such types.
  LinearProblem(const LinearShape& shape, std::int32_t num_rows);
  Status status() const { return status_; }

  /// Those that sum over k in one piece, fastest first in cuBLASLt's eyes.
  Status list_algorithms(const LinearDevice& device, std::vector<LinearAlgorithm>* algorithms);
  bool accepts(const LinearDevice& device, const LinearAlgorithm& algorithm);
  Status run(const LinearDevice& device, const LinearAlgorithm& algorithm, const LinearArgs& args,
             Stream stream);

 private:
  Status set_scales(const float* weight_scales, const float* x_scales);
  Status set_scales_to_come(const LinearDevice& device);

  bool scaled_;
  cublasLtMatmulDescOpaque_t operation_;
  cublasLtMatrixLayoutOpaque_t weight_;
  cublasLtMatrixLayoutOpaque_t x_;
  cublasLtMatrixLayoutOpaque_t out_;
  Status status_ = kSuccess;
};

/// What of an algorithm is told to people.
std::string describe_algorithm(const LinearAlgorithm& algorithm);

}  // namespace reranker::kernels::cuda
