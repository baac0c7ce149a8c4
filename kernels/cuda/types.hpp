#pragma once

#include <cstdint>

// What the contracts of the CUDA kernels share. They name no header of the toolkit, so that whoever
// calls a kernel, tests on a machine without a GPU among them, needs none.
//
// Pointers in arguments are to device memory, aligned to 16 bytes, and so is every row: widths are
// multiples of 8 unless said. A kernel is queued on the stream and has not run when it returns. It
// gives 0, or the cudaError_t of its launch.

struct CUstream_st;

namespace reranker::kernels::cuda {

using Stream = CUstream_st*;  // a cudaStream_t
using Status = int;           // a cudaError_t, 0 if all is well

/// A type of stored numbers. Sums are fp32 in every one.
enum class Type { fp32, bf16, fp16, e4m3 };

constexpr std::int64_t size_in_bytes(Type type) {
  return type == Type::fp32 ? 4 : type == Type::e4m3 ? 1 : 2;
}

constexpr const char* name(Type type) {
  switch (type) {
    case Type::fp32: return "fp32";
    case Type::bf16: return "bf16";
    case Type::fp16: return "fp16";
    case Type::e4m3: return "e4m3";
  }
  return "?";
}

/// 8 and 16 bytes as they are moved.
struct alignas(8) Words2 {
  std::uint32_t w[2];
};
struct alignas(16) Words4 {
  std::uint32_t w[4];
};

}  // namespace reranker::kernels::cuda
