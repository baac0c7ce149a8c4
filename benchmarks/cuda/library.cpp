#include <memory>
#include <string>
#include <vector>

#include "kernels/cuda/attention.hpp"
#include "kernels/cuda/device.hpp"
#include "kernels/cuda/embedding.hpp"
#include "kernels/cuda/linear.hpp"
#include "kernels/cuda/pool_score.hpp"
#include "kernels/cuda/rms_norm.hpp"
#include "kernels/cuda/rope.hpp"
#include "kernels/cuda/swiglu.hpp"

// The CUDA kernels with a C interface, so that a Python script can time them beside those of other
// libraries in one process, on that process's tensors and stream. Types are named by `Type`'s
// numbers. Every function gives a cudaError_t.

using namespace reranker::kernels::cuda;

namespace {

const AttentionKernel* const kAttentions[] = {&kAttentionGeneric, &kAttentionSm80, &kAttentionSm90};

struct Attention {
  const AttentionKernel* kernel;
  AttentionArgs args;
  void* work = nullptr;

  ~Attention() { release(work); }
};

Status upload_work(Attention& attention, const std::int32_t* offsets, std::int32_t num_sequences) {
  const auto work =
      make_attention_work(offsets, num_sequences, attention.kernel->query_tokens(attention.args));
  const std::size_t bytes = work.size() * sizeof work[0];
  if (const Status status = allocate(&attention.work, bytes)) return status;
  attention.args.work = static_cast<const AttentionWork*>(attention.work);
  attention.args.num_work = static_cast<std::int32_t>(work.size());
  if (const Status status = copy_to_device(attention.work, work.data(), bytes, nullptr))
    return status;
  return synchronize(nullptr);
}

}  // namespace

extern "C" {

/// Null where no kernel of that name supports the shape, or memory is short.
Attention* attention_make(const char* name, int capability, const std::int32_t* offsets,
                          int num_sequences, int num_heads, int num_kv_heads, int head_dim,
                          int type) {
  auto attention = std::make_unique<Attention>();
  attention->args = {nullptr,   nullptr,
                     nullptr,   nullptr,
                     0,         offsets[num_sequences],
                     num_heads, num_kv_heads,
                     head_dim,  static_cast<Type>(type)};
  for (const auto* kernel : kAttentions) {
    if (std::string(kernel->name) != name || !kernel->supports(attention->args, capability))
      continue;
    attention->kernel = kernel;
    if (upload_work(*attention, offsets, num_sequences) == kSuccess) return attention.release();
  }
  return nullptr;
}

void attention_free(Attention* attention) {
  delete attention;
}

Status attention_run(const Attention* attention, void* out, const void* qkv, float* log_sum_exp,
                     Stream stream) {
  AttentionArgs args = attention->args;
  args.out = out;
  args.qkv = qkv;
  args.log_sum_exp = log_sum_exp;
  return attention->kernel->run(args, stream);
}

Status embedding_run(float* out, const void* table, const std::int32_t* ids, int num_tokens,
                     int dim, int type, Stream stream) {
  return embedding({out, table, ids, num_tokens, dim, static_cast<Type>(type)}, stream);
}

Status rms_norm_run(void* out, float* scales, const float* x, const float* weight, int num_tokens,
                    int dim, float eps, int type, Stream stream) {
  return rms_norm({out, scales, x, weight, num_tokens, dim, eps, static_cast<Type>(type)}, stream);
}

Status rope_run(void* qkv, const float* table, const std::int32_t* positions, int num_tokens,
                int num_heads, int num_kv_heads, int head_dim, int type, Stream stream) {
  return rope({qkv, table, positions, num_tokens, num_heads, num_kv_heads, head_dim,
               static_cast<Type>(type)},
              stream);
}

Status swiglu_run(void* out, float* scales, const void* gate_up, int num_tokens, int dim,
                  int type_in, int type, Stream stream) {
  return swiglu(
      {out, scales, gate_up, num_tokens, dim, static_cast<Type>(type_in), static_cast<Type>(type)},
      stream);
}

Status pool_score_run(float* logits, float* token_scores, const float* x, const float* weight,
                      const float* head, const std::int32_t* offsets, int num_tokens,
                      int num_sequences, int dim, float eps, float temperature, Stream stream) {
  return pool_score({logits, token_scores, x, weight, head, offsets, num_tokens, num_sequences, dim,
                     eps, temperature},
                    stream);
}

/// Null where cuBLASLt cannot be opened or has no algorithm for the shape.
Linear* linear_make(int n, int k, int type, int out_type) {
  auto linear = std::make_unique<Linear>();
  if (linear->open() != kSuccess) return nullptr;
  const LinearShape shape{n, k, static_cast<Type>(type), static_cast<Type>(out_type)};
  return linear->prepare(shape) == kSuccess ? linear.release() : nullptr;
}

void linear_free(Linear* linear) {
  delete linear;
}

Status linear_run(Linear* linear, int n, int k, int type, int out_type, void* out, const void* x,
                  const void* weight, const float* x_scales, const float* weight_scales,
                  int num_tokens, int accumulate, Stream stream) {
  const LinearShape shape{n, k, static_cast<Type>(type), static_cast<Type>(out_type)};
  return linear->run({shape, out, x, weight, x_scales, weight_scales, num_tokens, accumulate != 0},
                     stream);
}

const char* error_text(Status status) {
  static thread_local std::string text;
  text = describe(status);
  return text.c_str();
}

}  // extern "C"
