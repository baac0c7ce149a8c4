#include "kernels/cpu/scalar.hpp"
#include "kernels/cpu/tables.hpp"

namespace reranker::kernels {
namespace {

void pool_tokens_generic(const PoolScoreArgs& args, const Plan& plan, std::int64_t task, void*) {
  const RowRange tokens = part_of(args.num_tokens, task, plan.num_tasks);
  for (std::int64_t t = tokens.begin; t < tokens.end; ++t) {
    const float* x = args.x + t * args.dim;
    const float r = inverse_rms(x, args.dim, args.eps);
    float p[kNumPartials] = {};
    for (std::int64_t i = 0; i < args.dim; ++i)
      p[i % kNumPartials] =
          std::fma((x[i] * r) * args.weight[i], args.head[i], p[i % kNumPartials]);
    args.token_scores[t] = tree_sum(p);
  }
}

void pool_sequences(const PoolScoreArgs& args) {
  for (std::int64_t s = 0; s < args.num_sequences; ++s) {
    const std::int64_t begin = args.offsets[s];
    const std::int64_t end = args.offsets[s + 1];
    double sum = 0.0;
    for (std::int64_t t = begin; t < end; ++t) sum += static_cast<double>(args.token_scores[t]);
    const double mean = begin == end ? 0.0 : sum / static_cast<double>(end - begin);
    args.logits[s] = static_cast<float>(mean / static_cast<double>(args.temperature));
  }
}

}  // namespace

void add_pool_score_generic(CpuKernels& table) {
  table.pool_tokens = pool_tokens_generic;
  table.pool_sequences = pool_sequences;  // a sum of doubles in order: nothing to widen
}

}  // namespace reranker::kernels
