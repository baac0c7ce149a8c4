#include "kernels/cpu/bert_embedding_tasks.hpp"
#include "kernels/cpu/widen_avx2.hpp"

namespace reranker::kernels {
namespace {

__m256 eight(const EmbeddingRows& row, std::int64_t i) {
  return widened(row.rows, row.type, i);
}

float one(const EmbeddingRows& row, std::int64_t i) {
  if (row.type == WeightType::fp32) return static_cast<const float*>(row.rows)[i];
  const std::uint16_t word = static_cast<const std::uint16_t*>(row.rows)[i];
  if (row.type == WeightType::fp16) return _cvtsh_ss(word);
  return _mm_cvtss_f32(_mm_castsi128_ps(_mm_cvtsi32_si128(word << 16)));
}

void add_rows(float* out, const EmbeddingRows& word, const EmbeddingRows& position,
              const EmbeddingRows& type, std::int64_t dim) {
  std::int64_t i = 0;
  for (; i + 8 <= dim; i += 8) {
    const __m256 sum = _mm256_add_ps(eight(word, i), eight(position, i));
    _mm256_storeu_ps(out + i, _mm256_add_ps(sum, eight(type, i)));
  }
  for (; i < dim; ++i) out[i] = (one(word, i) + one(position, i)) + one(type, i);
}

}  // namespace

void add_bert_embedding_avx2(CpuKernels& table) {
  table.bert_embedding = bert_embedding_tokens<add_rows>;
}

}  // namespace reranker::kernels
