#include "kernels/cpu/amx.hpp"

#include <cpuid.h>

#ifdef __linux__
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace reranker::kernels {
namespace {

// Intel's manual, CPUID: leaf 7, EDX bits 22 (products of bf16), 24 (tiles) and 25 (of bytes).
bool processor_has_amx() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (d >> 22 & 13) == 13;
}

// Leaf 1, ECX bit 27: XGETBV is there. XCR0 bits 17 and 18: tiles and their shapes are saved.
bool system_saves_tiles() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c >> 27 & 1) == 0) return false;
  unsigned low = 0, high = 0;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (low >> 17 & 3) == 3;
}

// Linux: Documentation/arch/x86/xstate.rst.
bool system_grants_tiles() {
#ifdef __linux__
  constexpr long kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr long kTileData = 18;
  return ::syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

}  // namespace

bool amx_granted() {
  return processor_has_amx() && system_saves_tiles() && system_grants_tiles();
}

}  // namespace reranker::kernels
