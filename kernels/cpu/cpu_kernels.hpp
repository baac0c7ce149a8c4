#pragma once

#include <string_view>

#include "kernels/attention.hpp"
#include "kernels/attention_bf16.hpp"
#include "kernels/bert_embedding.hpp"
#include "kernels/classify.hpp"
#include "kernels/embedding.hpp"
#include "kernels/embedding_int8.hpp"
#include "kernels/layer_norm.hpp"
#include "kernels/linear.hpp"
#include "kernels/linear_bf16.hpp"
#include "kernels/linear_int8.hpp"
#include "kernels/pair_cosine.hpp"
#include "kernels/pool_score.hpp"
#include "kernels/quantize.hpp"
#include "kernels/rms_norm.hpp"
#include "kernels/rope.hpp"
#include "kernels/rotate.hpp"
#include "kernels/round_bf16.hpp"

// The CPU's kernels, one table for each instruction set. All tables give the same bits
// for the same arguments, but for which NaN a NaN is; int8_range, bf16_sums, and whether there is
// bf16, differ.
//
// Kernels start no threads. An op is planned, then its tasks are run, in any order, on any
// threads, each thread with a scratch of its own:
//
//   const Plan plan = kernels.plan_linear(args, num_threads);
//   parallel_for(plan.num_tasks, [&](std::int64_t task) {
//     kernels.linear(args, plan, task, scratch_of_this_thread);   // plan.scratch_bytes
//   });
//
// A plan reads sizes only, never a pointer of its args: a caller may plan with null pointers to
// learn what memory a call will need. Neither scratch_bytes nor packed_bytes falls when
// num_tokens or num_sequences grows, and neither depends on num_threads. The plan decides what is
// computed where and never what is computed: bits do not depend on it. Tasks allocate nothing,
// take no locks and expect the floating-point environment at its default.

namespace reranker::kernels {

/// Renewed whenever a kernel's bits change. Part of a model's fingerprint.
constexpr int kCpuRevision = 4;

struct Plan {
  std::int64_t num_tasks;     // 0 for empty input
  std::size_t scratch_bytes;  // for each thread, aligned to kAlignment; 0: may be null
  std::int64_t row_tasks;     // the op's own: how it cuts rows and columns
  std::int64_t column_tasks;
};

/// Attention is two steps: all tasks of `pack`, then all tasks of `run`. Both get the same args.
/// `pack` may have no tasks, and packed_bytes may be 0.
struct AttentionKernels {
  const char* products;  // "fp32" or "bf16"
  std::size_t (*packed_bytes)(const AttentionArgs& args);
  Plan (*plan_pack)(const AttentionArgs& args, int num_threads);
  void (*pack)(const AttentionArgs& args, const Plan& plan, std::int64_t task, void* scratch);
  Plan (*plan)(const AttentionArgs& args, int num_threads);
  void (*run)(const AttentionArgs& args, const Plan& plan, std::int64_t task, void* scratch);
};

struct CpuKernels {
  const char* isa;  // "generic", "avx2", "avx2_vnni", "avx512", "avx512_vnni", "avx512_bf16",
                    // "amx"

  /// Packs on the calling thread; split a tensor by rows to pack on several. Ranges that begin at a
  /// multiple of 16 rows (of a half, with gate_up) are fastest.
  void (*pack_linear)(const PackLinearArgs& args);

  Plan (*plan_linear)(const LinearArgs& args, int num_threads);
  void (*linear)(const LinearArgs& args, const Plan& plan, std::int64_t task, void* scratch);

  /// linear with 8-bit codes (linear_int8.hpp). Every table takes weights of Int8Range::quads, and
  /// those of Int8Range::full where int8_range says so; they are the better choice there, at equal
  /// speed.
  Int8Range int8_range;
  const char* int8_sequence;  // "generic", "maddubs", "avx_vnni", "avx512_vnni", "amx"
  void (*rotate_rows)(const RotateRowsArgs& args);  // on the calling thread
  void (*pack_linear_int8)(const PackLinearInt8Args& args);
  Plan (*plan_linear_int8)(const LinearInt8Args& args, int num_threads);
  void (*linear_int8)(const LinearInt8Args& args, const Plan& plan, std::int64_t task,
                      void* scratch);
  Plan (*plan_quantize)(const QuantizeArgs& args, int num_threads);
  void (*quantize)(const QuantizeArgs& args, const Plan& plan, std::int64_t task, void* scratch);
  Plan (*plan_rms_norm_quantize)(const RmsNormQuantizeArgs& args, int num_threads);
  void (*rms_norm_quantize)(const RmsNormQuantizeArgs& args, const Plan& plan, std::int64_t task,
                            void* scratch);

  /// linear and its rows in bf16 (linear_bf16.hpp), which takes an instruction of its own: where
  /// the processor has none, bf16_sequence and the functions below it are null. Slow in the generic
  /// table, the oracle.
  const char* bf16_sequence;  // "generic", "avx512_bf16", "amx" or null
  Bf16Sums bf16_sums;
  void (*pack_linear_bf16)(const PackLinearBf16Args& args);
  Plan (*plan_linear_bf16)(const LinearBf16Args& args, int num_threads);
  void (*linear_bf16)(const LinearBf16Args& args, const Plan& plan, std::int64_t task,
                      void* scratch);
  Plan (*plan_round_bf16)(const RoundBf16Args& args, int num_threads);
  void (*round_bf16)(const RoundBf16Args& args, const Plan& plan, std::int64_t task, void* scratch);
  Plan (*plan_rms_norm_bf16)(const RmsNormBf16Args& args, int num_threads);
  void (*rms_norm_bf16)(const RmsNormBf16Args& args, const Plan& plan, std::int64_t task,
                        void* scratch);

  AttentionKernels attention;
  AttentionKernels attention_bf16;  // functions are null where bf16_sequence is

  Plan (*plan_rms_norm)(const RmsNormArgs& args, int num_threads);
  void (*rms_norm)(const RmsNormArgs& args, const Plan& plan, std::int64_t task, void* scratch);

  Plan (*plan_rope)(const RopeArgs& args, int num_threads);
  void (*rope)(const RopeArgs& args, const Plan& plan, std::int64_t task, void* scratch);

  Plan (*plan_embedding)(const EmbeddingArgs& args, int num_threads);
  void (*embedding)(const EmbeddingArgs& args, const Plan& plan, std::int64_t task, void* scratch);

  void (*pack_embedding_int8)(const PackEmbeddingInt8Args& args);
  Plan (*plan_embedding_int8)(const EmbeddingInt8Args& args, int num_threads);
  void (*embedding_int8)(const EmbeddingInt8Args& args, const Plan& plan, std::int64_t task,
                         void* scratch);

  /// pool_score is two steps: all tasks of pool_tokens, then pool_sequences once, on one thread.
  Plan (*plan_pool_tokens)(const PoolScoreArgs& args, int num_threads);
  void (*pool_tokens)(const PoolScoreArgs& args, const Plan& plan, std::int64_t task,
                      void* scratch);
  void (*pool_sequences)(const PoolScoreArgs& args);

  /// BERT's own.
  Plan (*plan_bert_embedding)(const BertEmbeddingArgs& args, int num_threads);
  void (*bert_embedding)(const BertEmbeddingArgs& args, const Plan& plan, std::int64_t task,
                         void* scratch);
  Plan (*plan_layer_norm)(const LayerNormArgs& args, int num_threads);
  void (*layer_norm)(const LayerNormArgs& args, const Plan& plan, std::int64_t task, void* scratch);
  Plan (*plan_classify)(const ClassifyArgs& args, int num_threads);
  void (*classify)(const ClassifyArgs& args, const Plan& plan, std::int64_t task, void* scratch);
  Plan (*plan_pair_cosine)(const PairCosineArgs& args, int num_threads);
  void (*pair_cosine)(const PairCosineArgs& args, const Plan& plan, std::int64_t task,
                      void* scratch);

  /// y[i] = exp(x[i]) and so on, i < count, as every kernel computes them (exp.hpp, gelu.hpp). For
  /// tests.
  void (*exp)(float* y, const float* x, std::int64_t count);
  void (*exp2)(float* y, const float* x, std::int64_t count);
  void (*gelu)(float* y, const float* x, std::int64_t count);
  void (*tanh)(float* y, const float* x, std::int64_t count);
};

/// Runs anywhere, and slowly: the definition of the bits, and the oracle of the other tables.
const CpuKernels& generic_kernels(Bf16Sums sums = Bf16Sums::chain);

/// The table of that name, or null if it is unknown, not built in, or beyond this machine. "amx"
/// asks the system as amx_granted of amx.hpp does.
const CpuKernels* find_cpu_kernels(std::string_view isa);

/// The fastest table that this machine can run. Without `tiles` "amx" is left out, for callers that
/// need neither linear_int8 nor linear_bf16, and the system is not asked.
const CpuKernels& best_cpu_kernels(bool tiles = true);

}  // namespace reranker::kernels
