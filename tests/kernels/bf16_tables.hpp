#pragma once

#include "tests/kernels/support.hpp"

namespace reranker::kernels::test {

/// Every table that has bf16 and can run here, beside the generic one: among them the sources of
/// <op>_avx512_bf16.cpp in plain C++, which run on every machine.
inline std::vector<const CpuKernels*> fast_bf16_tables() {
  std::vector<const CpuKernels*> tables{&portable_kernels()};
  if (const CpuKernels* table = find_cpu_kernels("avx512_bf16")) {
    tables.push_back(table);
  } else {
    WARN("skipped: this machine cannot run the avx512_bf16 kernels");
  }
  return tables;
}

inline std::vector<const CpuKernels*> all_bf16_tables() {
  auto tables = fast_bf16_tables();
  tables.insert(tables.begin(), &generic_kernels());
  return tables;
}

using Words = std::vector<std::uint16_t>;

/// Says no more than that: a failed comparison of vectors prints thousands of words.
inline bool same_words(const Words& a, const Words& b) {
  return a == b;
}

/// What round_bf16 is to write into: words that no test expects.
inline Words unwritten_words(std::int64_t tokens, std::int64_t dim) {
  return Words(static_cast<std::size_t>(tokens * bf16_stride(dim)), 0x1234);
}

inline Words round_bf16(const CpuKernels& kernels, const std::vector<float>& x, std::int64_t dim,
                        int num_threads = 1) {
  const auto tokens = static_cast<std::int64_t>(x.size()) / dim;
  Words y = unwritten_words(tokens, dim);
  run({y.data(), x.data(), tokens, dim}, kernels.plan_round_bf16, kernels.round_bf16, num_threads);
  return y;
}

}  // namespace reranker::kernels::test
