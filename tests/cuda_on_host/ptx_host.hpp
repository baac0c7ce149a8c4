#pragma once

#include <cmath>
#include <cstring>

#include "cuda_on_host/bank_conflicts.hpp"
#include "cuda_on_host/block.hpp"
#include "cuda_on_host/copy_engine.hpp"
#include "cuda_on_host/device_memory.hpp"
#include "cuda_on_host/instructions.hpp"
#include "cuda_on_host/numbers_host.hpp"
#include "cuda_on_host/shared_memory.hpp"
#include "cuda_on_host/warpgroup.hpp"

// Bodies of ptx.hpp on the host.

namespace reranker::kernels::cuda {

RERANKER_DEVICE int thread_index() {
  return host::block.current->index;
}
RERANKER_DEVICE int block_x() {
  return host::block.x;
}
RERANKER_DEVICE int block_y() {
  return host::block.y;
}
RERANKER_DEVICE int num_blocks_x() {
  return host::block.num_blocks_x;
}

RERANKER_DEVICE SharedAddress shared_memory() {
  return host::kSharedBase;
}

template <class T>
RERANKER_DEVICE T load_shared(SharedAddress from) {
  T value;
  std::memcpy(&value, host::shared_for_read(from, sizeof(T)), sizeof(T));
  host::note_access(from - host::kSharedBase, sizeof(T), false);
  return value;
}
template <class T>
RERANKER_DEVICE void store_shared(SharedAddress to, T value) {
  std::memcpy(host::shared_for_write(to, sizeof(T)), &value, sizeof(T));
  host::note_access(to - host::kSharedBase, sizeof(T), true);
}
template <class T>
RERANKER_DEVICE T load_global(const T* from) {
  host::check_global_read<sizeof(T)>(from);
  return *from;
}
template <class T>
RERANKER_DEVICE void store_global(T* to, T value) {
  host::check_global_write<sizeof(T)>(to);
  *to = value;
}

RERANKER_DEVICE void sync_block() {
  host::barrier(0, host::block.num_threads, true);
}
RERANKER_DEVICE void sync_warp() {
  host::sync_lanes();
}
RERANKER_DEVICE void sync_named(int id, int threads) {
  if (id == 0) host::fail("takes barrier 0, which is sync_block's");
  host::barrier(id, threads, true);
}
RERANKER_DEVICE void arrive_named(int id, int threads) {
  if (id == 0) host::fail("takes barrier 0, which is sync_block's");
  host::barrier(id, threads, false);
}

RERANKER_DEVICE std::uint32_t shuffle_xor(std::uint32_t value, int lane_mask) {
  return host::shuffle_word(value, thread_index() ^ lane_mask);
}
RERANKER_DEVICE float shuffle_xor(float value, int lane_mask) {
  return host::float_of(shuffle_xor(host::bits_of(value), lane_mask));
}
RERANKER_DEVICE bool any_of_warp(bool value) {
  return host::any_lane(value);
}
RERANKER_DEVICE int warp_uniform(int value) {
  return host::common_value(value);
}

namespace host {

/// Denormals are zeros of their sign.
inline float flush(float x) {
  const std::uint32_t bits = bits_of(x);
  return (bits & 0x7f800000u) == 0 ? float_of(bits & 0x80000000u) : x;
}

}  // namespace host

RERANKER_DEVICE float exp2_approx(float x) {
  return host::flush(std::exp2(host::flush(x)));
}
RERANKER_DEVICE float log2_approx(float x) {
  return std::log2(host::flush(x));
}
RERANKER_DEVICE float rsqrt_approx(float x) {
  return 1.0f / std::sqrt(host::flush(x));
}
RERANKER_DEVICE float divide_approx(float x, float y) {
  // The device multiplies by the reciprocal, which is 0 for such y.
  if (std::fabs(y) > 0x1p126f && std::fabs(y) < INFINITY) return std::isinf(x) ? NAN : x * 0.0f;
  return host::flush(host::flush(x) / host::flush(y));
}
RERANKER_DEVICE std::uint32_t pack_bf16(float low, float high) {
  return host::to_bf16(low) | std::uint32_t{host::to_bf16(high)} << 16;
}
RERANKER_DEVICE std::uint32_t pack_fp16(float low, float high) {
  return host::to_fp16(low) | std::uint32_t{host::to_fp16(high)} << 16;
}
RERANKER_DEVICE float low_fp16(std::uint32_t word) {
  return host::from_fp16(static_cast<std::uint16_t>(word));
}
RERANKER_DEVICE float high_fp16(std::uint32_t word) {
  return host::from_fp16(static_cast<std::uint16_t>(word >> 16));
}
RERANKER_DEVICE std::uint32_t pack_e4m3(float a, float b, float c, float d) {
  if (host::settings().capability < 89) host::fail("rounds to e4m3 on a device that has none");
  return host::to_e4m3(a) | std::uint32_t{host::to_e4m3(b)} << 8 |
         std::uint32_t{host::to_e4m3(c)} << 16 | std::uint32_t{host::to_e4m3(d)} << 24;
}

RERANKER_DEVICE void cp_async(SharedAddress to, const void* from, bool valid) {
  host::issue_cp_async(to, valid ? from : nullptr);
}
RERANKER_DEVICE void cp_async_commit() {
  host::commit_cp_async();
}
template <int kPending>
RERANKER_DEVICE void cp_async_wait() {
  host::wait_cp_async(kPending);
}

RERANKER_DEVICE Words4 ldmatrix_x4(SharedAddress row) {
  return host::load_matrices(row, false);
}
RERANKER_DEVICE Words4 ldmatrix_x4_transposed(SharedAddress row) {
  return host::load_matrices(row, true);
}
RERANKER_DEVICE void mma_bf16(float (&d)[4], const Words4& a, std::uint32_t b0, std::uint32_t b1) {
  host::multiply_bf16(d, a, b0, b1);
}
RERANKER_DEVICE void mma_fp16(float (&d)[4], const Words4& a, std::uint32_t b0, std::uint32_t b1) {
  host::multiply_fp16(d, a, b0, b1);
}

RERANKER_DEVICE void mbarrier_init(SharedAddress barrier, int arrivals) {
  host::init_mbarrier(barrier, arrivals);
}
RERANKER_DEVICE void fence_mbarrier_init() {
  host::fence_mbarriers();
}
RERANKER_DEVICE void mbarrier_arrive(SharedAddress barrier) {
  host::arrive_mbarrier(barrier, 0);
}
RERANKER_DEVICE void mbarrier_arrive_expect(SharedAddress barrier, std::uint32_t bytes) {
  host::arrive_mbarrier(barrier, bytes);
}
RERANKER_DEVICE void mbarrier_wait(SharedAddress barrier, std::uint32_t parity) {
  host::wait_mbarrier(barrier, parity);
}
RERANKER_DEVICE void fence_proxy_async() {
  host::fence_proxy();
}
RERANKER_DEVICE void tma_load_3d(SharedAddress to, const TensorMap& map, SharedAddress barrier,
                                 int x, int y, int z) {
  host::issue_tma(to, map, barrier, {x, y, z});
}

RERANKER_DEVICE std::uint64_t swizzled_descriptor(SharedAddress tile, std::uint32_t leading,
                                                  std::uint32_t stride) {
  return std::uint64_t{(tile & 0x3ffffu) >> 4} | std::uint64_t{leading >> 4} << 16 |
         std::uint64_t{stride >> 4} << 32 | std::uint64_t{1} << 62;
}
RERANKER_DEVICE void wgmma_fence() {
  host::fence_wgmma();
}
RERANKER_DEVICE void wgmma_commit() {
  host::commit_wgmma();
}
template <int kPending>
RERANKER_DEVICE void wgmma_wait() {
  host::wait_wgmma(kPending);
}
template <int kPending, int kSums>
RERANKER_DEVICE void wgmma_wait(float (&)[kSums]) {
  host::wait_wgmma(kPending);
}
template <class Number, int N, Major kMajorB>
RERANKER_DEVICE void wgmma_shared(float (&d)[N / 2], std::uint64_t a, std::uint64_t b,
                                  bool accumulate) {
  host::issue_wgmma(
      {d, nullptr, a, b, N, accumulate, kMajorB == Major::mn, Number::kType == Type::bf16});
}
template <class Number, int N, Major kMajorB>
RERANKER_DEVICE void wgmma_registers(float (&d)[N / 2], const Words4& a, std::uint64_t b,
                                     bool accumulate) {
  host::issue_wgmma(
      {d, &a, 0, b, N, accumulate, kMajorB == Major::mn, Number::kType == Type::bf16});
}

template <int kRegisters>
RERANKER_DEVICE void take_registers() {
  host::set_registers(kRegisters, true);
}
template <int kRegisters>
RERANKER_DEVICE void give_registers() {
  host::set_registers(kRegisters, false);
}

}  // namespace reranker::kernels::cuda
