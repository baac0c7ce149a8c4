#include "tests/kernels/portable.hpp"

#include "kernels/cpu/tables.hpp"

namespace reranker::kernels::test {
namespace {

CpuKernels make_portable() {
  CpuKernels table = generic_kernels();
  table.isa = "avx512 in plain C++";
  add_exp_avx512(table);
  add_gelu_avx512(table);
  add_linear_avx512(table);
  add_attention_avx512(table);
  add_rms_norm_avx512(table);
  add_rope_avx512(table);
  add_embedding_avx512(table);
  add_pool_score_avx512(table);
  add_layer_norm_avx512(table);
  add_attention_bf16_avx512_bf16(table);
  add_round_bf16_avx512_bf16(table);
  add_linear_bf16_avx512_bf16(table);
  return table;
}

CpuKernels make_portable_tiles() {
  CpuKernels table = make_portable();
  table.isa = "amx in plain C++";
  add_linear_bf16_amx(table);
  return table;
}

}  // namespace

const CpuKernels& portable_tiles_kernels() {
  static const CpuKernels table = make_portable_tiles();
  return table;
}

const CpuKernels& portable_kernels() {
  static const CpuKernels table = make_portable();
  return table;
}

}  // namespace reranker::kernels::test
