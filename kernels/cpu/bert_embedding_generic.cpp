#include "kernels/cpu/bert_embedding_tasks.hpp"
#include "kernels/cpu/scalar.hpp"

namespace reranker::kernels {
namespace {

float widened(const EmbeddingRows& row, std::int64_t i) {
  if (row.type == WeightType::fp32) return static_cast<const float*>(row.rows)[i];
  const std::uint16_t word = static_cast<const std::uint16_t*>(row.rows)[i];
  return row.type == WeightType::bf16 ? widen_bf16(word) : widen_fp16(word);
}

void add_rows(float* out, const EmbeddingRows& word, const EmbeddingRows& position,
              const EmbeddingRows& type, std::int64_t dim) {
  for (std::int64_t i = 0; i < dim; ++i)
    out[i] = (widened(word, i) + widened(position, i)) + widened(type, i);
}

}  // namespace

void add_bert_embedding_generic(CpuKernels& table) {
  table.bert_embedding = bert_embedding_tokens<add_rows>;
}

}  // namespace reranker::kernels
