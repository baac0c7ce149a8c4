#pragma once

#include "tests/kernels/support.hpp"

namespace reranker::kernels::test {

/// Every table that has bf16 and can run here, beside the generic ones: among them the sources of
/// <op>_avx512_bf16.cpp and <op>_amx.cpp in plain C++, which run on every machine.
inline std::vector<const CpuKernels*> fast_bf16_tables() {
  std::vector<const CpuKernels*> tables{&portable_kernels(), &portable_tiles_kernels()};
  for (const char* isa : {"avx512_bf16", "amx"}) {
    if (const CpuKernels* table = find_cpu_kernels(isa)) {
      tables.push_back(table);
    } else {
      WARN("skipped: this machine cannot run the " << isa << " kernels");
    }
  }
  return tables;
}

/// What `make` gives with the definition of each table's bits.
class Expected {
 public:
  template <typename Make>
  explicit Expected(Make make)
      : chain_(make(generic_kernels())), tiles_(make(generic_kernels(Bf16Sums::tiles))) {}

  const std::vector<float>& of(const CpuKernels& kernels) const {
    return kernels.bf16_sums == Bf16Sums::tiles ? tiles_ : chain_;
  }

 private:
  std::vector<float> chain_, tiles_;
};

inline std::vector<const CpuKernels*> all_bf16_tables() {
  auto tables = fast_bf16_tables();
  tables.insert(tables.begin(), {&generic_kernels(), &generic_kernels(Bf16Sums::tiles)});
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
