#pragma once

// Bodies of ptx.hpp that want the target sm_90a: wgmma and setmaxnreg.

namespace reranker::kernels::cuda {

// Addresses and distances are in units of 16 bytes; bit 62 says 128-byte swizzle.
RERANKER_DEVICE std::uint64_t swizzled_descriptor(SharedAddress tile, std::uint32_t leading,
                                                  std::uint32_t stride) {
  return std::uint64_t{(tile & 0x3ffffu) >> 4} | std::uint64_t{leading >> 4} << 16 |
         std::uint64_t{stride >> 4} << 32 | std::uint64_t{1} << 62;
}

RERANKER_DEVICE void wgmma_fence() {
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
}
RERANKER_DEVICE void wgmma_commit() {
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
}
template <int kPending>
RERANKER_DEVICE void wgmma_wait() {
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(kPending) : "memory");
}
// The compiler does not know that registers are written later: an empty instruction that seems to
// change them keeps their readers behind the wait.
template <int kPending, int kSums>
RERANKER_DEVICE void wgmma_wait(float (&d)[kSums]) {
  wgmma_wait<kPending>();
#pragma unroll
  for (int i = 0; i < kSums; ++i) asm volatile("" : "+f"(d[i])::"memory");
}

template <int kRegisters>
RERANKER_DEVICE void take_registers() {
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(kRegisters));
}
template <int kRegisters>
RERANKER_DEVICE void give_registers() {
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(kRegisters));
}

// The operands of d in an instruction, and their constraints.
#define RERANKER_D32                                                                 \
  "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, " \
  "%18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31"
#define RERANKER_D64                                                                 \
  RERANKER_D32                                                                       \
  ", "                                                                               \
  "%32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, " \
  "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63"
#define RERANKER_F4(i) "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3])
#define RERANKER_F16(i) RERANKER_F4(i), RERANKER_F4(i + 4), RERANKER_F4(i + 8), RERANKER_F4(i + 12)
#define RERANKER_F32 RERANKER_F16(0), RERANKER_F16(16)
#define RERANKER_F64 RERANKER_F32, RERANKER_F16(32), RERANKER_F16(48)

// p0 to p6 are the places of the operands after those of d.
#define RERANKER_WGMMA_SHARED(type, n, sums, p0, p1, p2, p3)                                   \
  asm volatile("{ .reg .pred accumulate; setp.ne.b32 accumulate, %" #p2                        \
               ", 0;\n"                                                                        \
               "wgmma.mma_async.sync.aligned.m64n" #n "k16.f32." type "." type                 \
               " {" RERANKER_D##sums "}, %" #p0 ", %" #p1 ", accumulate, 1, 1, 0, %" #p3 "; }" \
               : RERANKER_F##sums                                                              \
               : "l"(a), "l"(b), "r"(static_cast<int>(accumulate)), "n"(kTransposed))
#define RERANKER_WGMMA_REGISTERS(type, n, sums, p0, p1, p2, p3, p4, p5, p6)               \
  asm volatile("{ .reg .pred accumulate; setp.ne.b32 accumulate, %" #p5                   \
               ", 0;\n"                                                                   \
               "wgmma.mma_async.sync.aligned.m64n" #n "k16.f32." type "." type            \
               " {" RERANKER_D##sums "}, {%" #p0 ", %" #p1 ", %" #p2 ", %" #p3 "}, %" #p4 \
                                     ", accumulate, 1, 1, %" #p6 "; }"                    \
               : RERANKER_F##sums                                                         \
               : "r"(a.w[0]), "r"(a.w[1]), "r"(a.w[2]), "r"(a.w[3]), "l"(b),              \
                 "r"(static_cast<int>(accumulate)), "n"(kTransposed))

template <class Number, int N, Major kMajorB>
RERANKER_DEVICE void wgmma_shared(float (&d)[N / 2], std::uint64_t a, std::uint64_t b,
                                  bool accumulate) {
  constexpr bool kBf16 = Number::kType == Type::bf16;
  constexpr int kTransposed = kMajorB == Major::mn;
  if constexpr (N == 128 && kBf16) {
    RERANKER_WGMMA_SHARED("bf16", 128, 64, 64, 65, 66, 67);
  }
  if constexpr (N == 128 && !kBf16) {
    RERANKER_WGMMA_SHARED("f16", 128, 64, 64, 65, 66, 67);
  }
  static_assert(N == 128, "one of the widths in use");
}
template <class Number, int N, Major kMajorB>
RERANKER_DEVICE void wgmma_registers(float (&d)[N / 2], const Words4& a, std::uint64_t b,
                                     bool accumulate) {
  constexpr bool kBf16 = Number::kType == Type::bf16;
  constexpr int kTransposed = kMajorB == Major::mn;
  if constexpr (N == 64 && kBf16) {
    RERANKER_WGMMA_REGISTERS("bf16", 64, 32, 32, 33, 34, 35, 36, 37, 38);
  }
  if constexpr (N == 64 && !kBf16) {
    RERANKER_WGMMA_REGISTERS("f16", 64, 32, 32, 33, 34, 35, 36, 37, 38);
  }
  if constexpr (N == 128 && kBf16) {
    RERANKER_WGMMA_REGISTERS("bf16", 128, 64, 64, 65, 66, 67, 68, 69, 70);
  }
  if constexpr (N == 128 && !kBf16) {
    RERANKER_WGMMA_REGISTERS("f16", 128, 64, 64, 65, 66, 67, 68, 69, 70);
  }
  static_assert(N == 64 || N == 128, "one of the widths in use");
}

}  // namespace reranker::kernels::cuda
