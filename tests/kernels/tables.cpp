#include "tests/kernels/support.hpp"

using namespace reranker::kernels;

TEST_CASE("find_cpu_kernels knows its tables by name and no others", "[tables]") {
  CHECK(find_cpu_kernels("generic") == &generic_kernels());
  CHECK(find_cpu_kernels("sse9") == nullptr);
  CHECK(find_cpu_kernels("") == nullptr);
  const CpuKernels* best = &generic_kernels();
  for (const char* isa : {"avx2", "avx2_vnni", "avx512_vnni"}) {
    const CpuKernels* kernels = find_cpu_kernels(isa);
    if (kernels == nullptr) continue;
    CHECK(std::string(kernels->isa) == isa);
    best = kernels;
  }
  CHECK(&best_cpu_kernels() == best);
}
