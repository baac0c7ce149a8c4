#include "kernels/cuda/tensor_map.hpp"

#include <cuda.h>
#include <cuda_runtime_api.h>

#include <cstring>

namespace reranker::kernels::cuda {
namespace {

using Encode = decltype(&cuTensorMapEncodeTiled);

// Asked of the runtime, so that the module needs no libcuda to be linked or loaded.
Status find_encode(Encode* encode) {
  void* entry = nullptr;
  cudaDriverEntryPointQueryResult found{};
#if CUDART_VERSION >= 12050
  constexpr unsigned kSince = 12000;  // the driver interface that first had it
  const auto status = cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &entry, kSince,
                                                       cudaEnableDefault, &found);
#else
  const auto status =
      cudaGetDriverEntryPoint("cuTensorMapEncodeTiled", &entry, cudaEnableDefault, &found);
#endif
  if (status != cudaSuccess) return status;
  if (found != cudaDriverEntryPointSuccess) return cudaErrorCallRequiresNewerDriver;
  *encode = reinterpret_cast<Encode>(entry);
  return cudaSuccess;
}

}  // namespace

Status make_tensor_map(TensorMap* map, const TensorLayout& layout) {
  static_assert(sizeof(TensorMap) == sizeof(CUtensorMap));
  static Encode encode = nullptr;
  static const Status found = find_encode(&encode);
  if (found != cudaSuccess) return found;

  cuuint64_t extents[3], strides[2];
  cuuint32_t box[3];
  constexpr cuuint32_t kEvery[3] = {1, 1, 1};
  for (int i = 0; i < 3; ++i) extents[i] = static_cast<cuuint64_t>(layout.extents[i]);
  for (int i = 0; i < 2; ++i) strides[i] = static_cast<cuuint64_t>(layout.strides[i]);
  for (int i = 0; i < 3; ++i) box[i] = static_cast<cuuint32_t>(layout.box[i]);

  CUtensorMap made;
  const CUresult result =
      encode(&made, CU_TENSOR_MAP_DATA_TYPE_UINT16, 3, const_cast<void*>(layout.data), extents,
             strides, box, kEvery, CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_128B,
             CU_TENSOR_MAP_L2_PROMOTION_L2_256B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  if (result != CUDA_SUCCESS) return cudaErrorInvalidValue;
  std::memcpy(map, &made, sizeof(made));
  return cudaSuccess;
}

}  // namespace reranker::kernels::cuda
