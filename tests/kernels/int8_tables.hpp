#pragma once

#include "tests/kernels/support.hpp"

namespace reranker::kernels::test {

/// The loops and tiles of linear_int8 with the registers and instructions of each instruction set
/// written out in plain C++: they run on every machine.
const CpuKernels& portable_maddubs();
const CpuKernels& portable_avx_vnni();
const CpuKernels& portable_avx512_vnni();
const CpuKernels& portable_amx();

/// How often the int16 of portable_maddubs have saturated, in vpmaddubsw or in the sum of two.
std::int64_t num_saturations();

/// Every table that has a linear_int8 of its own and can run here, beside the generic one.
inline std::vector<const CpuKernels*> fast_int8_tables() {
  std::vector<const CpuKernels*> tables{&portable_maddubs(), &portable_avx_vnni(),
                                        &portable_avx512_vnni(), &portable_amx()};
  for (const char* isa : {"avx2", "avx2_vnni", "avx512_vnni", "amx"}) {
    if (const CpuKernels* table = find_cpu_kernels(isa)) {
      tables.push_back(table);
    } else {
      WARN("skipped: this machine cannot run the " << isa << " kernels");
    }
  }
  return tables;
}

inline std::vector<const CpuKernels*> all_int8_tables() {
  auto tables = fast_int8_tables();
  tables.insert(tables.begin(), &generic_kernels());
  return tables;
}

/// Whether linear_int8 of that table takes weights of that range.
inline bool takes(const CpuKernels& kernels, Int8Range range) {
  return range == Int8Range::quads || kernels.int8_range == Int8Range::full;
}

/// The outcome of quantize, as linear_int8 takes it.
struct Codes {
  std::vector<std::uint8_t> codes;
  std::vector<float> scales;
};

inline bool same_bits(const Codes& a, const Codes& b) {
  return a.codes == b.codes && same_bits(a.scales, b.scales);
}

inline std::vector<float> rotate(const CpuKernels& kernels, const std::vector<float>& x,
                                 std::int64_t dim) {
  std::vector<float> out(x.size(), NAN);
  kernels.rotate_rows(
      {out.data(), x.data(), WeightType::fp32, static_cast<std::int64_t>(x.size()) / dim, dim});
  return out;
}

/// What quantize is to write into: bytes and scales that it never makes.
inline Codes unwritten_codes(std::int64_t tokens, std::int64_t dim) {
  return {std::vector<std::uint8_t>(static_cast<std::size_t>(tokens * int8_stride(dim)), 77),
          std::vector<float>(static_cast<std::size_t>(tokens), -1.0f)};
}

inline Codes quantize(const CpuKernels& kernels, const std::vector<float>& x, std::int64_t dim,
                      int num_threads = 1) {
  const auto tokens = static_cast<std::int64_t>(x.size()) / dim;
  Codes to = unwritten_codes(tokens, dim);
  run({to.codes.data(), to.scales.data(), x.data(), tokens, dim}, kernels.plan_quantize,
      kernels.quantize, num_threads);
  return to;
}

}  // namespace reranker::kernels::test
