#include "kernels/cpu/math_avx512.hpp"

#include "kernels/cpu/bert_embedding_tasks.hpp"

namespace reranker::kernels {
namespace {

Floats sixteen(const EmbeddingRows& row, std::int64_t i, Lanes lanes) {
  if (row.type == WeightType::fp32) return load_lanes(static_cast<const float*>(row.rows) + i, lanes);
  const auto* words = static_cast<const std::uint16_t*>(row.rows) + i;
  return row.type == WeightType::bf16 ? widen_bf16(words, lanes) : widen_fp16(words, lanes);
}

void add_rows(float* out, const EmbeddingRows& word, const EmbeddingRows& position,
              const EmbeddingRows& type, std::int64_t dim) {
  for (std::int64_t i = 0; i < dim; i += kNumPartials) {
    const std::int64_t left = dim - i;
    const Lanes lanes = first_lanes(left < kNumPartials ? left : kNumPartials);
    const Floats sum = add(sixteen(word, i, lanes), sixteen(position, i, lanes));
    store_first(out + i, add(sum, sixteen(type, i, lanes)), left);
  }
}

}  // namespace

void add_bert_embedding_avx512(CpuKernels& table) {
  table.bert_embedding = bert_embedding_tokens<add_rows>;
}

}  // namespace reranker::kernels
