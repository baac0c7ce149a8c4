#pragma once

#include <cstdint>
#include <vector>

#include "kernels/cuda/tensor_map.hpp"
#include "kernels/cuda/types.hpp"

// What the host puts into a TensorMap.

namespace reranker::kernels::cuda::host {

struct HostTensorMap {
  std::uint64_t mark;  // says that it is one
  TensorLayout layout;
};

HostTensorMap decode(const TensorMap& map);
/// The box at those coordinates as it will lie at the shared address `to`: rows of 128 bytes whose
/// 16-byte pieces are swizzled, zeros for what is outside the tensor.
std::vector<Words4> fetch_box(const HostTensorMap& map, std::uint32_t to, const int (&at)[3]);

}  // namespace reranker::kernels::cuda::host
