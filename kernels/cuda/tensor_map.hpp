#pragma once

#include "kernels/cuda/types.hpp"

// What the copy engine of sm_90 is told of a tensor in device memory.

namespace reranker::kernels::cuda {

/// A CUtensorMap. Kernels take it as a __grid_constant__ parameter.
struct alignas(64) TensorMap {
  unsigned char bytes[128];
};

/// A tensor of 16-bit numbers, and the box of it that one copy brings; innermost index first.
///
/// A box lands in shared memory as box[2] * box[1] rows of 128 bytes with 128-byte swizzle: piece i
/// of 16 bytes of row r lies at place i ^ (r % 8) of that row. Numbers outside the tensor arrive as
/// zeros, and their bytes count all the same.
struct TensorLayout {
  const void* data;
  std::int64_t extents[3];
  std::int64_t strides[2];  // bytes to the next along the second and the third index: 16 times any
  std::int32_t box[3];      // box[0] is 64; the others at most 256
};

/// Fails where the driver or the tensor does not allow it.
Status make_tensor_map(TensorMap* map, const TensorLayout& layout);

}  // namespace reranker::kernels::cuda
