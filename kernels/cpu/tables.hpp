#pragma once

#include "kernels/cpu/cpu_kernels.hpp"

// What fills the tables: each <op>_<isa>.cpp adds its own functions and has no other external
// symbol. A new instruction set is a new row of files and a new line of adders; where it has no
// file for an op, the table keeps what it was copied from.

namespace reranker::kernels {

void add_exp_generic(CpuKernels& table);
void add_gelu_generic(CpuKernels& table);
void add_linear_pack_generic(CpuKernels& table);
void add_linear_generic(CpuKernels& table);
void add_attention_generic(CpuKernels& table);
void add_rms_norm_generic(CpuKernels& table);
void add_rope_generic(CpuKernels& table);
void add_embedding_generic(CpuKernels& table);
void add_pool_score_generic(CpuKernels& table);
void add_bert_embedding_generic(CpuKernels& table);
void add_layer_norm_generic(CpuKernels& table);
void add_classify_generic(CpuKernels& table);
void add_pair_cosine_generic(CpuKernels& table);

void add_exp_avx2(CpuKernels& table);
void add_gelu_avx2(CpuKernels& table);
void add_linear_pack_avx2(CpuKernels& table);
void add_linear_avx2(CpuKernels& table);
void add_attention_avx2(CpuKernels& table);
void add_rms_norm_avx2(CpuKernels& table);
void add_rope_avx2(CpuKernels& table);
void add_embedding_avx2(CpuKernels& table);
void add_pool_score_avx2(CpuKernels& table);
void add_bert_embedding_avx2(CpuKernels& table);
void add_layer_norm_avx2(CpuKernels& table);
void add_classify_avx2(CpuKernels& table);
void add_pair_cosine_avx2(CpuKernels& table);

void add_exp_avx512(CpuKernels& table);
void add_gelu_avx512(CpuKernels& table);
void add_linear_avx512(CpuKernels& table);
void add_attention_avx512(CpuKernels& table);
void add_rms_norm_avx512(CpuKernels& table);
void add_rope_avx512(CpuKernels& table);
void add_embedding_avx512(CpuKernels& table);
void add_pool_score_avx512(CpuKernels& table);
void add_layer_norm_avx512(CpuKernels& table);

void add_rotate_generic(CpuKernels& table);
void add_quantize_generic(CpuKernels& table);
void add_embedding_int8_generic(CpuKernels& table);
void add_linear_int8_pack_generic(CpuKernels& table);
void add_linear_int8_generic(CpuKernels& table);
void add_rotate_avx2(CpuKernels& table);
void add_quantize_avx2(CpuKernels& table);
void add_embedding_int8_avx2(CpuKernels& table);
void add_linear_int8_pack_avx2(CpuKernels& table);
void add_linear_int8_avx2(CpuKernels& table);
void add_linear_int8_avx_vnni(CpuKernels& table);
void add_linear_int8_avx512_vnni(CpuKernels& table);
void add_linear_int8_amx(CpuKernels& table);
void add_linear_bf16_amx(CpuKernels& table);

void add_attention_bf16_generic(CpuKernels& table);
void add_round_bf16_generic(CpuKernels& table);
void add_linear_bf16_pack_generic(CpuKernels& table);
void add_linear_bf16_generic(CpuKernels& table);
void add_linear_bf16_tiles_generic(CpuKernels& table);
void add_linear_bf16_pack_avx2(CpuKernels& table);
void add_attention_bf16_avx512_bf16(CpuKernels& table);
void add_round_bf16_avx512_bf16(CpuKernels& table);
void add_linear_bf16_avx512_bf16(CpuKernels& table);

/// Rows [begin, end) of `num_rows` that belong to part `part` of `num_parts` even ones.
struct RowRange {
  std::int64_t begin;
  std::int64_t end;
};
RowRange part_of(std::int64_t num_rows, std::int64_t part, std::int64_t num_parts);

/// The plans of ops whose rows are independent and cheap, alike on every instruction set.
void add_row_plans(CpuKernels& table);
void add_bf16_row_plans(CpuKernels& table);

}  // namespace reranker::kernels
