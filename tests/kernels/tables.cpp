#include "tests/kernels/support.hpp"

using namespace reranker::kernels;

TEST_CASE("find_cpu_kernels knows its tables by name and no others", "[tables]") {
  CHECK(find_cpu_kernels("generic") == &generic_kernels());
  CHECK(find_cpu_kernels("sse9") == nullptr);
  CHECK(find_cpu_kernels("") == nullptr);
}

TEST_CASE("best_cpu_kernels is the last of its list that this machine has", "[tables]") {
  const CpuKernels* best = &generic_kernels();
  for (const char* isa : {"avx2", "avx2_vnni", "avx512", "avx512_vnni", "avx512_bf16", "amx"}) {
    const CpuKernels* table = find_cpu_kernels(isa);
    if (table == nullptr) continue;
    CHECK(std::string(table->isa) == isa);
    best = table;
  }
  CHECK(&best_cpu_kernels() == best);
  CHECK(best_cpu_kernels(false).isa != std::string("amx"));
}

TEST_CASE("CpuKernels has bf16 whole or not at all, and names it where it is", "[tables]") {
  for (const char* isa :
       {"generic", "avx2", "avx2_vnni", "avx512", "avx512_vnni", "avx512_bf16", "amx"}) {
    const CpuKernels* table = find_cpu_kernels(isa);
    if (table == nullptr) continue;
    const bool has_bf16 = std::string(isa) == "generic" || std::string(isa) == "avx512_bf16" ||
                          std::string(isa) == "amx";
    CHECK((table->bf16_sequence != nullptr) == has_bf16);
    if (has_bf16) CHECK(table->bf16_sequence == std::string(isa));
    CHECK((table->pack_linear_bf16 != nullptr) == has_bf16);
    CHECK((table->plan_linear_bf16 != nullptr) == has_bf16);
    CHECK((table->linear_bf16 != nullptr) == has_bf16);
    CHECK((table->plan_round_bf16 != nullptr) == has_bf16);
    CHECK((table->round_bf16 != nullptr) == has_bf16);
    CHECK((table->plan_rms_norm_bf16 != nullptr) == has_bf16);
    CHECK((table->rms_norm_bf16 != nullptr) == has_bf16);
    CHECK((table->attention_bf16.packed_bytes != nullptr) == has_bf16);
    CHECK((table->attention_bf16.plan_pack != nullptr) == has_bf16);
    CHECK((table->attention_bf16.pack != nullptr) == has_bf16);
    CHECK((table->attention_bf16.plan != nullptr) == has_bf16);
    CHECK((table->attention_bf16.run != nullptr) == has_bf16);
  }
}
