#pragma once

// Bodies of ptx.hpp on a device. "memory" clobbers keep the compiler from moving a load or store
// across what orders it.

namespace reranker::kernels::cuda {

// Volatile: read anew by each call, so that a kernel can choose not to keep it in a register.
RERANKER_DEVICE int thread_index() {
  int index;
  asm volatile("mov.u32 %0, %%tid.x;" : "=r"(index));
  return index;
}
RERANKER_DEVICE int block_x() {
  return static_cast<int>(blockIdx.x);
}
RERANKER_DEVICE int block_y() {
  return static_cast<int>(blockIdx.y);
}
RERANKER_DEVICE int num_blocks_x() {
  return static_cast<int>(gridDim.x);
}

RERANKER_DEVICE SharedAddress shared_memory() {
  extern __shared__ __align__(1024) unsigned char dynamic_shared_memory[];
  return static_cast<SharedAddress>(__cvta_generic_to_shared(dynamic_shared_memory));
}

template <class T>
RERANKER_DEVICE T load_shared(SharedAddress from) {
  return *static_cast<const T*>(__cvta_shared_to_generic(from));
}
template <class T>
RERANKER_DEVICE void store_shared(SharedAddress to, T value) {
  *static_cast<T*>(__cvta_shared_to_generic(to)) = value;
}
template <class T>
RERANKER_DEVICE T load_global(const T* from) {
  return *from;
}
template <class T>
RERANKER_DEVICE void store_global(T* to, T value) {
  *to = value;
}

RERANKER_DEVICE void sync_block() {
  __syncthreads();
}
RERANKER_DEVICE void sync_warp() {
  __syncwarp();
}
RERANKER_DEVICE void sync_named(int id, int threads) {
  asm volatile("bar.sync %0, %1;" ::"r"(id), "r"(threads) : "memory");
}
RERANKER_DEVICE void arrive_named(int id, int threads) {
  asm volatile("bar.arrive %0, %1;" ::"r"(id), "r"(threads) : "memory");
}

RERANKER_DEVICE float shuffle_xor(float value, int lane_mask) {
  return __shfl_xor_sync(0xffffffffu, value, lane_mask);
}
RERANKER_DEVICE std::uint32_t shuffle_xor(std::uint32_t value, int lane_mask) {
  return __shfl_xor_sync(0xffffffffu, value, lane_mask);
}
RERANKER_DEVICE bool any_of_warp(bool value) {
  return __any_sync(0xffffffffu, value);
}
RERANKER_DEVICE int warp_uniform(int value) {
  return __shfl_sync(0xffffffffu, value, 0);
}

RERANKER_DEVICE float exp2_approx(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}
RERANKER_DEVICE float log2_approx(float x) {
  float y;
  asm("lg2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}
RERANKER_DEVICE float rsqrt_approx(float x) {
  float y;
  asm("rsqrt.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}
RERANKER_DEVICE float divide_approx(float x, float y) {
  float quotient;
  asm("div.approx.ftz.f32 %0, %1, %2;" : "=f"(quotient) : "f"(x), "f"(y));
  return quotient;
}
RERANKER_DEVICE std::uint32_t pack_bf16(float low, float high) {
  std::uint32_t word;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(word) : "f"(high), "f"(low));
  return word;
}
RERANKER_DEVICE std::uint32_t pack_fp16(float low, float high) {
  std::uint32_t word;
  asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(word) : "f"(high), "f"(low));
  return word;
}
RERANKER_DEVICE float low_fp16(std::uint32_t word) {
  float value;
  asm("{ .reg .b16 l, h; mov.b32 {l, h}, %1; cvt.f32.f16 %0, l; }" : "=f"(value) : "r"(word));
  return value;
}
RERANKER_DEVICE float high_fp16(std::uint32_t word) {
  float value;
  asm("{ .reg .b16 l, h; mov.b32 {l, h}, %1; cvt.f32.f16 %0, h; }" : "=f"(value) : "r"(word));
  return value;
}

RERANKER_DEVICE void cp_async(SharedAddress to, const void* from, bool valid) {
  const int bytes = valid ? 16 : 0;
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(bytes)
               : "memory");
}
RERANKER_DEVICE void cp_async_commit() {
  asm volatile("cp.async.commit_group;" ::: "memory");
}
template <int kPending>
RERANKER_DEVICE void cp_async_wait() {
  asm volatile("cp.async.wait_group %0;" ::"n"(kPending) : "memory");
}

RERANKER_DEVICE Words4 ldmatrix_x4(SharedAddress row) {
  Words4 m;
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(m.w[0]), "=r"(m.w[1]), "=r"(m.w[2]), "=r"(m.w[3])
               : "r"(row)
               : "memory");
  return m;
}
RERANKER_DEVICE Words4 ldmatrix_x4_transposed(SharedAddress row) {
  Words4 m;
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(m.w[0]), "=r"(m.w[1]), "=r"(m.w[2]), "=r"(m.w[3])
               : "r"(row)
               : "memory");
  return m;
}
RERANKER_DEVICE void mma_bf16(float (&d)[4], const Words4& a, std::uint32_t b0, std::uint32_t b1) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
      "{%8, %9}, {%0, %1, %2, %3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a.w[0]), "r"(a.w[1]), "r"(a.w[2]), "r"(a.w[3]), "r"(b0), "r"(b1));
}
RERANKER_DEVICE void mma_fp16(float (&d)[4], const Words4& a, std::uint32_t b0, std::uint32_t b1) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
      "{%8, %9}, {%0, %1, %2, %3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a.w[0]), "r"(a.w[1]), "r"(a.w[2]), "r"(a.w[3]), "r"(b0), "r"(b1));
}

}  // namespace reranker::kernels::cuda

#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 890
#include "kernels/cuda/ptx_device_sm89.hpp"
#endif
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 900
#include "kernels/cuda/ptx_device_sm90.hpp"
#endif
