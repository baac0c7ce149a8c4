#include "kernels/cpu/cuts.hpp"
#include "kernels/cpu/tables.hpp"

namespace reranker::kernels {
namespace {

// Fewer rows than this are not worth waking a thread for: about 10 us of memory traffic.
constexpr std::int64_t kMinRows = 16;
// Tasks for each thread, so that one that is late costs little.
constexpr std::int64_t kTasksPerThread = 4;

Plan plan_rows(std::int64_t num_rows, int num_threads) {
  const std::int64_t most = divide_up(num_rows, kMinRows);
  const std::int64_t wanted = num_threads > 1 ? kTasksPerThread * num_threads : 1;
  const std::int64_t num_tasks = most < wanted ? most : wanted;
  return {num_tasks, 0, num_tasks, 1};
}

// Where a sequence is enough for a task of its own.
Plan plan_sequences(std::int64_t num_sequences, int num_threads) {
  const std::int64_t num_tasks = smaller(num_sequences, num_threads);
  return {num_tasks, 0, num_tasks, 1};
}

// With room for a rotated row, in whole registers.
Plan plan_quantize_rows(std::int64_t num_rows, std::int64_t dim, int num_threads) {
  Plan plan = plan_rows(num_rows, num_threads);
  plan.scratch_bytes = static_cast<std::size_t>(int8_stride(dim)) * sizeof(float);
  return plan;
}

}  // namespace

RowRange part_of(std::int64_t num_rows, std::int64_t part, std::int64_t num_parts) {
  const std::int64_t size = num_rows / num_parts;
  const std::int64_t longer =
      num_rows % num_parts;  // parts that are one row longer, the first ones
  const std::int64_t begin = part * size + (part < longer ? part : longer);
  return {begin, begin + size + (part < longer ? 1 : 0)};
}

void add_row_plans(CpuKernels& table) {
  table.plan_rms_norm = [](const RmsNormArgs& a, int n) { return plan_rows(a.num_tokens, n); };
  table.plan_quantize = [](const QuantizeArgs& a, int n) {
    return plan_quantize_rows(a.num_tokens, a.dim, n);
  };
  table.plan_rms_norm_quantize = [](const RmsNormQuantizeArgs& a, int n) {
    return plan_quantize_rows(a.num_tokens, a.dim, n);
  };
  table.plan_rope = [](const RopeArgs& a, int n) { return plan_rows(a.num_tokens, n); };
  table.plan_embedding = [](const EmbeddingArgs& a, int n) { return plan_rows(a.num_tokens, n); };
  table.plan_embedding_int8 = [](const EmbeddingInt8Args& a, int n) {
    return plan_rows(a.num_tokens, n);
  };
  table.plan_bert_embedding = [](const BertEmbeddingArgs& a, int n) {
    return plan_rows(a.num_tokens, n);
  };
  table.plan_layer_norm = [](const LayerNormArgs& a, int n) { return plan_rows(a.num_tokens, n); };
  table.plan_classify = [](const ClassifyArgs& a, int n) {
    return plan_sequences(a.num_sequences, n);
  };
  table.plan_pair_cosine = [](const PairCosineArgs& a, int n) {
    return plan_sequences(a.num_sequences, n);
  };
  table.plan_pool_tokens = [](const PoolScoreArgs& a, int n) { return plan_rows(a.num_tokens, n); };
}

void add_bf16_row_plans(CpuKernels& table) {
  table.plan_round_bf16 = [](const RoundBf16Args& a, int n) { return plan_rows(a.num_tokens, n); };
  table.plan_rms_norm_bf16 = [](const RmsNormBf16Args& a, int n) {
    return plan_rows(a.num_tokens, n);
  };
}

}  // namespace reranker::kernels
