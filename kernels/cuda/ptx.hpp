#pragma once

#include "kernels/cuda/tensor_map.hpp"
#include "kernels/cuda/types.hpp"

// The words of a kernel that C++ does not have. On a device they are inline PTX (ptx_device.hpp).
// Tests compile the same kernels for the host and bring bodies of their own, which are stricter
// than the hardware: what a kernel reads, writes and waits for passes through here and is checked.
//
// So kernels touch memory through load_* and store_* alone and keep all else in registers, take
// their place from thread_index() and block_x(), and are started by launch.hpp. Blocks have one
// dimension. Instructions of a warp are reached by all 32 lanes, of a warpgroup by all 128 threads.
// PTX ISA: https://docs.nvidia.com/cuda/parallel-thread-execution

#if defined(__CUDACC__)
#define RERANKER_DEVICE __device__ __forceinline__
#else
#define RERANKER_DEVICE inline
#define __global__
#define __device__
#define __launch_bounds__(...)
#define __grid_constant__
#endif

namespace reranker::kernels::cuda {

// Place.

RERANKER_DEVICE int thread_index();  // threadIdx.x
RERANKER_DEVICE int block_x();       // blockIdx.x
RERANKER_DEVICE int block_y();
RERANKER_DEVICE int num_blocks_x();

// Memory. A shared address is a byte offset in the window of shared memory; T is of 4, 8 or 16
// bytes and aligned to its size, or of 2 or 1.

using SharedAddress = std::uint32_t;

/// Where the block's dynamic shared memory starts, aligned to 1024 bytes.
RERANKER_DEVICE SharedAddress shared_memory();

/// Bytes of it that a block may ask for where this is compiled for: CUDA C++ Programming Guide,
/// "Maximum amount of shared memory per thread block".
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ == 800
constexpr int kMaxSharedBytes = 163 * 1024;
#elif defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 900
constexpr int kMaxSharedBytes = 99 * 1024;
#else
constexpr int kMaxSharedBytes = 227 * 1024;
#endif

template <class T>
RERANKER_DEVICE T load_shared(SharedAddress from);
template <class T>
RERANKER_DEVICE void store_shared(SharedAddress to, T value);
template <class T>
RERANKER_DEVICE T load_global(const T* from);
template <class T>
RERANKER_DEVICE void store_global(T* to, T value);

// Order among threads.

RERANKER_DEVICE void sync_block();
RERANKER_DEVICE void sync_warp();
/// Waits at the block's barrier `id` (1 to 15) until `threads` of them have come.
RERANKER_DEVICE void sync_named(int id, int threads);
/// Comes to it without waiting.
RERANKER_DEVICE void arrive_named(int id, int threads);

// Among the lanes of a warp.

RERANKER_DEVICE float shuffle_xor(float value, int lane_mask);
RERANKER_DEVICE std::uint32_t shuffle_xor(std::uint32_t value, int lane_mask);
RERANKER_DEVICE bool any_of_warp(bool value);
/// A value that all lanes have alike, in a register of the warp.
RERANKER_DEVICE int warp_uniform(int value);

// Arithmetic.

RERANKER_DEVICE float exp2_approx(float x);             // ex2.approx.ftz: 2^x, 2 ulp
RERANKER_DEVICE float log2_approx(float x);             // lg2.approx.ftz
RERANKER_DEVICE float rsqrt_approx(float x);            // rsqrt.approx.ftz
RERANKER_DEVICE float divide_approx(float x, float y);  // div.approx.ftz
/// Two numbers rounded to nearest even in one word, `low` in its lower half.
RERANKER_DEVICE std::uint32_t pack_bf16(float low, float high);
RERANKER_DEVICE std::uint32_t pack_fp16(float low, float high);
RERANKER_DEVICE float low_fp16(std::uint32_t word);
RERANKER_DEVICE float high_fp16(std::uint32_t word);
/// Four numbers rounded to e4m3, those beyond 448 to 448, first in the lowest byte.
RERANKER_DEVICE std::uint32_t pack_e4m3(float a, float b, float c, float d);

// Copies of 16 bytes that run beside the block (sm_80). What they write is there for the thread
// that issued them after cp_async_wait, for others after a barrier as well.

/// Zeros instead where not `valid`; `from` is then not read.
RERANKER_DEVICE void cp_async(SharedAddress to, const void* from, bool valid = true);
RERANKER_DEVICE void cp_async_commit();
/// Waits until at most kPending of the groups committed last are under way.
template <int kPending>
RERANKER_DEVICE void cp_async_wait();

// Matrices of a warp (sm_80): fragments as the PTX manual lays them out.

/// Four 8x8 matrices of 16-bit numbers; lane i gives the address of row i % 8 of matrix i / 8.
RERANKER_DEVICE Words4 ldmatrix_x4(SharedAddress row);
RERANKER_DEVICE Words4 ldmatrix_x4_transposed(SharedAddress row);
/// d (16x8) += a (16x16) b (16x8), fp32 sums.
RERANKER_DEVICE void mma_bf16(float (&d)[4], const Words4& a, std::uint32_t b0, std::uint32_t b1);
RERANKER_DEVICE void mma_fp16(float (&d)[4], const Words4& a, std::uint32_t b0, std::uint32_t b1);

// Barriers in shared memory of 8 bytes (sm_90).

RERANKER_DEVICE void mbarrier_init(SharedAddress barrier, int arrivals);
/// Makes barriers that were just initialised known to the copy engine.
RERANKER_DEVICE void fence_mbarrier_init();
RERANKER_DEVICE void mbarrier_arrive(SharedAddress barrier);
/// Arrives, and lets the phase wait for `bytes` of copies as well.
RERANKER_DEVICE void mbarrier_arrive_expect(SharedAddress barrier, std::uint32_t bytes);
/// Waits for the end of the phase of that parity (0 for the first).
RERANKER_DEVICE void mbarrier_wait(SharedAddress barrier, std::uint32_t parity);
/// Orders shared memory that this thread wrote by stores before reads by wgmma or the copy engine.
RERANKER_DEVICE void fence_proxy_async();

// The copy engine (sm_90).

/// Copies the box at those coordinates (innermost first) and then arrives with its bytes at
/// `barrier`. Elements outside the tensor become zeros. One thread issues it.
RERANKER_DEVICE void tma_load_3d(SharedAddress to, const TensorMap& map, SharedAddress barrier,
                                 int x, int y, int z);

// Matrices of a warpgroup (sm_90a): d (64 x N) += a (64 x 16) b (16 x N), fp32 sums in N/2
// registers a thread. A descriptor names a tile in shared memory: rows of 128 bytes, 8-row groups
// `stride` bytes apart, 128-byte swizzle.

enum class Major { k, mn };  // which index of a tile's row runs along the 128 bytes

/// For tiles with 128-byte swizzle that start at a multiple of 1024 bytes (plus 32-byte steps along
/// K inside the 128 bytes). `leading` counts for mn-major tiles wider than 64 alone.
RERANKER_DEVICE std::uint64_t swizzled_descriptor(SharedAddress tile, std::uint32_t leading,
                                                  std::uint32_t stride);
RERANKER_DEVICE void wgmma_fence();
RERANKER_DEVICE void wgmma_commit();
template <int kPending>
RERANKER_DEVICE void wgmma_wait();
/// The same, and from here on `d` holds sums of groups that have ended.
template <int kPending, int kSums>
RERANKER_DEVICE void wgmma_wait(float (&d)[kSums]);
/// a k-major and b of that major in shared memory. `accumulate` false starts from zero.
template <class Number, int N, Major kMajorB>
RERANKER_DEVICE void wgmma_shared(float (&d)[N / 2], std::uint64_t a, std::uint64_t b,
                                  bool accumulate);
/// a in registers: four words a thread, the accumulator layout packed.
template <class Number, int N, Major kMajorB>
RERANKER_DEVICE void wgmma_registers(float (&d)[N / 2], const Words4& a, std::uint64_t b,
                                     bool accumulate);

/// Registers a thread of this warpgroup from here on, a multiple of 8 (setmaxnreg).
template <int kRegisters>
RERANKER_DEVICE void take_registers();
template <int kRegisters>
RERANKER_DEVICE void give_registers();

}  // namespace reranker::kernels::cuda

#if defined(__CUDACC__)
#include "kernels/cuda/ptx_device.hpp"
#else
#include "cuda_on_host/ptx_host.hpp"
#endif
