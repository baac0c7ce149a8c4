#include "kernels/cuda/linear_problem.hpp"

namespace reranker::kernels::cuda {
namespace {

constexpr int kMaxAlgorithms = 32;

cudaDataType_t data_type(Type type) {
  switch (type) {
    case Type::fp32: return CUDA_R_32F;
    case Type::bf16: return CUDA_R_16BF;
    case Type::fp16: return CUDA_R_16F;
    case Type::e4m3: return CUDA_R_8F_E4M3;
  }
  return CUDA_R_32F;
}

template <class T>
T config(const LinearAlgorithm& algorithm, cublasLtMatmulAlgoConfigAttributes_t attribute) {
  T value{};
  std::size_t written = 0;
  cublasLtMatmulAlgoConfigGetAttribute(&algorithm, attribute, &value, sizeof value, &written);
  return value;
}

bool sums_in_one_piece(const LinearAlgorithm& algorithm) {
  const auto pieces = config<std::int32_t>(algorithm, CUBLASLT_ALGO_CONFIG_SPLITK_NUM);
  const auto scheme = config<std::uint32_t>(algorithm, CUBLASLT_ALGO_CONFIG_REDUCTION_SCHEME);
  return (pieces == 0 || pieces == 1) && scheme == CUBLASLT_REDUCTION_SCHEME_NONE;
}

/// cuBLASLt's calls until one fails.
class Calls {
 public:
  template <class Function, class... Arguments>
  void call(Function function, Arguments... arguments) {
    if (status_ == CUBLAS_STATUS_SUCCESS) status_ = function(arguments...);
  }
  Status status() const { return linear_status(status_); }

 private:
  cublasStatus_t status_ = CUBLAS_STATUS_SUCCESS;
};

/// For algorithms that may use the workspace and are content with rows aligned to 16 bytes.
Status set_preference(cublasLtMatmulPreference_t preference, std::size_t workspace_bytes) {
  const std::uint64_t workspace = workspace_bytes;
  const std::uint32_t scheme = CUBLASLT_REDUCTION_SCHEME_NONE;
  const std::uint32_t alignment = 16;
  Calls calls;
  calls.call(cublasLtMatmulPreferenceInit, preference);
  const auto set = [&](cublasLtMatmulPreferenceAttributes_t attribute, const auto& value) {
    calls.call(cublasLtMatmulPreferenceSetAttribute, preference, attribute,
               static_cast<const void*>(&value), sizeof value);
  };
  set(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, workspace);
  set(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, scheme);
  set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, alignment);
  set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, alignment);
  set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, alignment);
  set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, alignment);
  return calls.status();
}

template <class T>
void set(Calls& calls, cublasLtMatmulDesc_t operation, cublasLtMatmulDescAttributes_t attribute,
         const T& value) {
  calls.call(cublasLtMatmulDescSetAttribute, operation, attribute, static_cast<const void*>(&value),
             sizeof value);
}

/// A scale a row of x and a channel of weight. Sums are kept in the tensor cores' own precision
/// (fast accumulation): the usual trade for e4m3. cuBLASLt has it on sm_90 alone.
void describe_e4m3(Calls& calls, cublasLtMatmulDesc_t operation) {
  const std::int32_t outer = CUBLASLT_MATMUL_MATRIX_SCALE_OUTER_VEC_32F;
  const std::int8_t fast = 1;
  set(calls, operation, CUBLASLT_MATMUL_DESC_A_SCALE_MODE, outer);
  set(calls, operation, CUBLASLT_MATMUL_DESC_B_SCALE_MODE, outer);
  set(calls, operation, CUBLASLT_MATMUL_DESC_FAST_ACCUM, fast);
}

}  // namespace

LinearProblem::LinearProblem(const LinearShape& shape, std::int32_t num_rows)
    : scaled_(shape.type == Type::e4m3) {
  const auto n = static_cast<std::uint64_t>(shape.n);
  const auto k = static_cast<std::uint64_t>(shape.k);
  const auto rows = static_cast<std::uint64_t>(num_rows);
  const auto type = data_type(shape.type);
  const auto out_type = data_type(shape.out_type);
  const std::int32_t transposed = CUBLAS_OP_T;

  Calls calls;
  calls.call(cublasLtMatmulDescInit, &operation_, CUBLAS_COMPUTE_32F, CUDA_R_32F);
  set(calls, &operation_, CUBLASLT_MATMUL_DESC_TRANSA, transposed);
  if (scaled_) describe_e4m3(calls, &operation_);
  const auto layout = [&calls](cublasLtMatrixLayoutOpaque_t* matrix, cudaDataType_t of,
                               std::uint64_t height, std::uint64_t width) {
    calls.call(cublasLtMatrixLayoutInit, matrix, of, height, width,
               static_cast<std::int64_t>(height));
  };
  layout(&weight_, type, k, n);
  layout(&x_, type, k, rows);
  layout(&out_, out_type, n, rows);
  status_ = calls.status();
}

Status LinearProblem::set_scales(const float* weight_scales, const float* x_scales) {
  if (!scaled_) return kSuccess;
  Calls calls;
  set(calls, &operation_, CUBLASLT_MATMUL_DESC_A_SCALE_POINTER, weight_scales);
  set(calls, &operation_, CUBLASLT_MATMUL_DESC_B_SCALE_POINTER, x_scales);
  return calls.status();
}

/// cuBLASLt offers nothing for vectors of scales until it has been told where they are. It does not
/// read them before a product, so any place will do.
Status LinearProblem::set_scales_to_come(const LinearDevice& device) {
  const auto* place = static_cast<const float*>(device.workspace);
  return set_scales(place, place);
}

Status LinearProblem::list_algorithms(const LinearDevice& device,
                                      std::vector<LinearAlgorithm>* algorithms) {
  if (const Status failed = set_scales_to_come(device)) return failed;
  cublasLtMatmulPreferenceOpaque_t preference;
  if (const Status failed = set_preference(&preference, device.workspace_bytes)) return failed;
  cublasLtMatmulHeuristicResult_t results[kMaxAlgorithms];
  int count = 0;
  const auto status =
      cublasLtMatmulAlgoGetHeuristic(device.handle, &operation_, &weight_, &x_, &out_, &out_,
                                     &preference, kMaxAlgorithms, results, &count);
  if (status != CUBLAS_STATUS_SUCCESS) return linear_status(status);
  for (int i = 0; i < count; ++i)
    if (results[i].state == CUBLAS_STATUS_SUCCESS && sums_in_one_piece(results[i].algo))
      algorithms->push_back(results[i].algo);
  return algorithms->empty() ? linear_status(CUBLAS_STATUS_NOT_SUPPORTED) : kSuccess;
}

bool LinearProblem::accepts(const LinearDevice& device, const LinearAlgorithm& algorithm) {
  if (set_scales_to_come(device) != kSuccess) return false;
  cublasLtMatmulHeuristicResult_t result{};
  const auto status = cublasLtMatmulAlgoCheck(device.handle, &operation_, &weight_, &x_, &out_,
                                              &out_, &algorithm, &result);
  return status == CUBLAS_STATUS_SUCCESS && result.workspaceSize <= device.workspace_bytes;
}

Status LinearProblem::run(const LinearDevice& device, const LinearAlgorithm& algorithm,
                          const LinearArgs& args, Stream stream) {
  if (const Status failed = set_scales(args.weight_scales, args.x_scales)) return failed;
  const float one = 1.0f;
  const float beta = args.accumulate ? 1.0f : 0.0f;
  return linear_status(cublasLtMatmul(
      device.handle, &operation_, &one, args.weight, &weight_, args.x, &x_, &beta, args.out, &out_,
      args.out, &out_, &algorithm, device.workspace, device.workspace_bytes, stream));
}

std::string describe_algorithm(const LinearAlgorithm& algorithm) {
  const auto id = config<std::int32_t>(algorithm, CUBLASLT_ALGO_CONFIG_ID);
  const auto tile = config<std::uint32_t>(algorithm, CUBLASLT_ALGO_CONFIG_TILE_ID);
  return "algorithm " + std::to_string(id) + ", tile " + std::to_string(tile);
}

}  // namespace reranker::kernels::cuda
