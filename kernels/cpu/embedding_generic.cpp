#include "kernels/cpu/scalar.hpp"
#include "kernels/cpu/tables.hpp"

namespace reranker::kernels {
namespace {

float widen(const void* table, WeightType type, std::int64_t at) {
  if (type == WeightType::fp32) return static_cast<const float*>(table)[at];
  const std::uint16_t word = static_cast<const std::uint16_t*>(table)[at];
  return type == WeightType::bf16 ? widen_bf16(word) : widen_fp16(word);
}

void embedding_generic(const EmbeddingArgs& args, const Plan& plan, std::int64_t task, void*) {
  const RowRange tokens = part_of(args.num_tokens, task, plan.num_tasks);
  for (std::int64_t t = tokens.begin; t < tokens.end; ++t)
    for (std::int64_t i = 0; i < args.dim; ++i)
      args.out[t * args.dim + i] = widen(args.table, args.type, args.ids[t] * args.dim + i);
}

}  // namespace

void add_embedding_generic(CpuKernels& table) {
  table.embedding = embedding_generic;
}

}  // namespace reranker::kernels
