#include "tests/kernels/support.hpp"

using namespace reranker::kernels;

TEST_CASE("find_cpu_kernels knows its tables by name and no others", "[tables]") {
  CHECK(find_cpu_kernels("generic") == &generic_kernels());
  CHECK(find_cpu_kernels("sse9") == nullptr);
  CHECK(find_cpu_kernels("") == nullptr);
}

TEST_CASE("best_cpu_kernels is the last of its list that this machine has", "[tables]") {
  const CpuKernels* best = &generic_kernels();
  for (const char* isa : {"avx2", "avx2_vnni", "avx512", "avx512_vnni"}) {
    const CpuKernels* table = find_cpu_kernels(isa);
    if (table == nullptr) continue;
    CHECK(std::string(table->isa) == isa);
    best = table;
  }
  CHECK(&best_cpu_kernels() == best);
}
