#include "benchmarks/peaks.hpp"

#include <time.h>

#include <algorithm>
#include <string>

#include "kernels/cpu/tiles_amx.hpp"

double cpu_seconds() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

namespace {

// Twenty instructions, two for each of ten independent chains of fused multiply-adds on registers
// of that kind. What the registers hold does not matter: nothing traps.
#define RERANKER_FMA(kind, to) "vfmadd231ps %%" kind "10, %%" kind "11, %%" kind to "\n\t"
#define RERANKER_FIVE_FMA(kind, a, b, c, d, e) \
  RERANKER_FMA(kind, a)                        \
  RERANKER_FMA(kind, b) RERANKER_FMA(kind, c) RERANKER_FMA(kind, d) RERANKER_FMA(kind, e)
#define RERANKER_TEN_FMA(kind)                     \
  RERANKER_FIVE_FMA(kind, "0", "1", "2", "3", "4") \
  RERANKER_FIVE_FMA(kind, "5", "6", "7", "8", "9")
#define RERANKER_TWENTY_FMA(kind)                            \
  asm volatile(RERANKER_TEN_FMA(kind) RERANKER_TEN_FMA(kind) \
               :                                             \
               :                                             \
               : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9")

__attribute__((target("avx2,fma"))) void fma_avx2(int rounds) {
  for (int i = 0; i < rounds; ++i) RERANKER_TWENTY_FMA("ymm");
}

__attribute__((target("avx512f"))) void fma_avx512(int rounds) {
  for (int i = 0; i < rounds; ++i) RERANKER_TWENTY_FMA("zmm");
}

// Sequences on independent sums, of which there are enough to hide every latency. What the
// registers hold does not matter.
#define RERANKER_DPBUSD(prefix, r, to) prefix "vpdpbusd %%" r "10, %%" r "11, %%" r to "\n\t"
#define RERANKER_TEN_DPBUSD(prefix, r) \
  RERANKER_DPBUSD(prefix, r, "0")      \
  RERANKER_DPBUSD(prefix, r, "1")      \
  RERANKER_DPBUSD(prefix, r, "2")      \
  RERANKER_DPBUSD(prefix, r, "3")      \
  RERANKER_DPBUSD(prefix, r, "4")      \
  RERANKER_DPBUSD(prefix, r, "5")      \
  RERANKER_DPBUSD(prefix, r, "6")      \
  RERANKER_DPBUSD(prefix, r, "7") RERANKER_DPBUSD(prefix, r, "8") RERANKER_DPBUSD(prefix, r, "9")
#define RERANKER_MADDUBS(to)                                                       \
  "vpmaddubsw %%ymm8, %%ymm9, %%ymm12\n\tvpmaddubsw %%ymm10, %%ymm11, %%ymm13\n\t" \
  "vpaddw %%ymm12, %%ymm13, %%ymm14\n\tvpmaddwd %%ymm14, %%ymm15, %%ymm14\n\t"     \
  "vpaddd %%ymm14, %%ymm" to ", %%ymm" to "\n\t"
#define RERANKER_CLOBBERS                                                                  \
  "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm12", \
      "xmm13", "xmm14"

__attribute__((target("avx2"))) void maddubs(int rounds) {
  for (int i = 0; i < rounds; ++i)
    asm volatile(RERANKER_MADDUBS("0") RERANKER_MADDUBS("1") RERANKER_MADDUBS("2")
                     RERANKER_MADDUBS("3") RERANKER_MADDUBS("4") RERANKER_MADDUBS("5")
                         RERANKER_MADDUBS("6") RERANKER_MADDUBS("7")
                 :
                 :
                 : RERANKER_CLOBBERS);
}

__attribute__((target("avx2"))) void avx_vnni(int rounds) {
  for (int i = 0; i < rounds; ++i)
    asm volatile(RERANKER_TEN_DPBUSD("%{vex%} ", "ymm") : : : RERANKER_CLOBBERS);
}

__attribute__((target("avx512f"))) void avx512_vnni(int rounds) {
  for (int i = 0; i < rounds; ++i)
    asm volatile(RERANKER_TEN_DPBUSD("", "zmm") : : : RERANKER_CLOBBERS);
}

// Twenty chains: the latency is six cycles on Zen 5, with two instructions begun in each.
#define RERANKER_DPBF16(to) "vdpbf16ps %%zmm20, %%zmm21, %%zmm" to "\n\t"
__attribute__((target("avx512f,avx512bf16"))) void avx512_bf16(int rounds) {
  for (int i = 0; i < rounds; ++i)
    asm volatile(RERANKER_DPBF16("0") RERANKER_DPBF16("1") RERANKER_DPBF16("2") RERANKER_DPBF16("3")
                     RERANKER_DPBF16("4") RERANKER_DPBF16("5") RERANKER_DPBF16("6")
                         RERANKER_DPBF16("7") RERANKER_DPBF16("8") RERANKER_DPBF16("9")
                             RERANKER_DPBF16("10") RERANKER_DPBF16("11") RERANKER_DPBF16("12")
                                 RERANKER_DPBF16("13") RERANKER_DPBF16("14") RERANKER_DPBF16("15")
                                     RERANKER_DPBF16("16") RERANKER_DPBF16("17")
                                         RERANKER_DPBF16("18") RERANKER_DPBF16("19")
                 :
                 :
                 : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
                   "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}

// Tiles of zeros: four of sums by two of codes and two of weights.
void amx(int rounds) {
  using reranker::kernels::AmxTiles;
  reranker::kernels::TileShapes whole;
  for (int tile = 0; tile < 8; ++tile) {
    whole.rows[tile] = reranker::kernels::kTileRows;
    whole.bytes[tile] = reranker::kernels::kTileBytes;
  }
  AmxTiles::configure(whole);
  for (int i = 0; i < rounds; ++i) {
    AmxTiles::multiply_codes<0, 4, 6>();
    AmxTiles::multiply_codes<1, 4, 7>();
    AmxTiles::multiply_codes<2, 5, 6>();
    AmxTiles::multiply_codes<3, 5, 7>();
  }
  AmxTiles::release();
}

double rate(void (*probe)(int rounds), double operations) {
  constexpr int kRounds = 500000;
  double best = 0;
  for (int i = 0; i < 2; ++i) {
    const double start = cpu_seconds();
    probe(kRounds);
    best = std::max(best, operations * kRounds / (cpu_seconds() - start) * 1e-9);
  }
  return best;
}

}  // namespace

double fma_peak(std::string_view isa) {
  if (isa == "avx512" && __builtin_cpu_supports("avx512f")) return rate(fma_avx512, 20 * 2 * 16);
  if (isa == "avx2" && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return rate(fma_avx2, 20 * 2 * 8);
  return 0;
}

double bf16_peak(const reranker::kernels::CpuKernels& kernels) {
  if (kernels.bf16_sequence == nullptr) return 0;
  const std::string sequence = kernels.bf16_sequence;
  return sequence == "avx512_bf16" ? rate(avx512_bf16, 20 * 2 * 32) : 0;
}

double int8_peak(const reranker::kernels::CpuKernels& kernels) {
  const std::string sequence = kernels.int8_sequence;
  if (sequence == "maddubs") return rate(maddubs, 8 * 2 * 64);
  if (sequence == "avx_vnni") return rate(avx_vnni, 10 * 2 * 32);
  if (sequence == "avx512_vnni") return rate(avx512_vnni, 10 * 2 * 64);
  if (sequence == "amx") return rate(amx, 4 * 2 * 16 * 16 * 64);
  return 0;
}
