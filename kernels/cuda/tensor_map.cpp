#include "kernels/cuda/tensor_map.hpp"

#include <cstring>

#include "kernels/cuda/driver_entry.hpp"

namespace reranker::kernels::cuda {

Status make_tensor_map(TensorMap* map, const TensorLayout& layout) {
  static_assert(sizeof(TensorMap) == sizeof(CUtensorMap));
  static decltype(&cuTensorMapEncodeTiled) encode = nullptr;
  static const Status found = find_in_driver("cuTensorMapEncodeTiled", &encode);
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
