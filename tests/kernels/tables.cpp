#include "tests/kernels/support.hpp"

using namespace reranker::kernels;

TEST_CASE("find_cpu_kernels knows its tables by name and no others", "[tables]") {
  CHECK(find_cpu_kernels("generic") == &generic_kernels());
  CHECK(find_cpu_kernels("sse9") == nullptr);
  CHECK(find_cpu_kernels("") == nullptr);
  const CpuKernels* avx2 = find_cpu_kernels("avx2");
  if (avx2 != nullptr) CHECK(std::string(avx2->isa) == "avx2");
  CHECK(&best_cpu_kernels() == (avx2 != nullptr ? avx2 : &generic_kernels()));
}
