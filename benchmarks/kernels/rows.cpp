#include <string>
#include <vector>

#include "benchmarks/kernels/lines.hpp"
#include "benchmarks/operands.hpp"

namespace reranker::kernels {

void bench_rows(const Options& options, std::int64_t tokens, std::int64_t dim) {
  const CpuKernels& kernels = *options.kernels;
  const std::string shape = " " + std::to_string(tokens) + " x " + std::to_string(dim);
  const double bytes = static_cast<double>(tokens * dim) * 4;
  const auto weight = numbers(dim);
  auto x = numbers(tokens * dim * 2);
  std::vector<float> y(x.size());
  std::vector<std::int32_t> ids(static_cast<std::size_t>(tokens));
  for (std::size_t i = 0; i < ids.size(); ++i)
    ids[i] = static_cast<std::int32_t>(i * 7 % ids.size());
  const std::int32_t offsets[2] = {0, static_cast<std::int32_t>(tokens)};
  std::vector<float> table(static_cast<std::size_t>(rope_table_size(tokens, 64)));
  make_rope_table(table.data(), std::vector<float>(32, 0.5f).data(), tokens, 64);

  if (wanted(options, "rms_norm"))
    measure(options, "rms_norm" + shape, 0, 2 * bytes, [&] {
      run(RmsNormArgs{y.data(), x.data(), weight.data(), tokens, dim, 1e-5f}, kernels.plan_rms_norm,
          kernels.rms_norm, nullptr);
    });
  if (wanted(options, "embedding"))
    measure(options, "embedding fp32" + shape, 0, 2 * bytes, [&] {
      run(EmbeddingArgs{y.data(), x.data(), ids.data(), tokens, dim, WeightType::fp32},
          kernels.plan_embedding, kernels.embedding, nullptr);
    });
  if (wanted(options, "embedding"))
    measure(options, "embedding bf16" + shape, 0, 1.5 * bytes, [&] {
      run(EmbeddingArgs{y.data(), x.data(), ids.data(), tokens, dim, WeightType::bf16},
          kernels.plan_embedding, kernels.embedding, nullptr);
    });
  if (wanted(options, "rope"))
    measure(options, "rope" + shape + " as q 3/4, k 1/8, v 1/8", 0, 2 * bytes * 7 / 8, [&] {
      run(RopeArgs{x.data(), table.data(), offsets, tokens, 1, dim / 64 * 3 / 4, dim / 64 / 8, 64},
          kernels.plan_rope, kernels.rope, nullptr);
    });
  if (wanted(options, "pool_score"))
    measure(options, "pool_score" + shape, 0, bytes, [&] {
      float logit;
      const PoolScoreArgs args{&logit, y.data(), x.data(), weight.data(), weight.data(), offsets,
                               tokens, 1,        dim,      1e-5f,         1.0f};
      run(args, kernels.plan_pool_tokens, kernels.pool_tokens, nullptr);
      kernels.pool_sequences(args);
    });
  if (wanted(options, "exp"))
    measure(options, "exp" + shape, 0, 2 * bytes,
            [&] { kernels.exp(y.data(), x.data(), tokens * dim); });
  if (wanted(options, "gelu"))
    measure(options, "gelu" + shape, 0, 2 * bytes,
            [&] { kernels.gelu(y.data(), x.data(), tokens * dim); });
}

void bench_bert(const Options& options, std::int64_t tokens, std::int64_t dim) {
  const CpuKernels& kernels = *options.kernels;
  const std::string shape = " " + std::to_string(tokens) + " x " + std::to_string(dim);
  const double bytes = static_cast<double>(tokens * dim) * 4;
  const auto x = numbers(tokens * dim);
  const auto weight = numbers(dim * dim);
  std::vector<float> y(x.size());
  const std::vector<std::int32_t> ids(static_cast<std::size_t>(tokens));
  const std::int32_t offsets[2] = {0, static_cast<std::int32_t>(tokens)};
  const std::int32_t type_1_begins = static_cast<std::int32_t>(tokens / 4);
  const EmbeddingRows rows{x.data(), WeightType::fp32};
  if (wanted(options, "layer_norm"))
    measure(options, "layer_norm" + shape, 0, 2 * bytes, [&] {
      run(LayerNormArgs{y.data(), x.data(), weight.data(), weight.data(), tokens, dim, 1e-12f},
          kernels.plan_layer_norm, kernels.layer_norm, nullptr);
    });
  if (wanted(options, "bert_embedding"))
    measure(options, "bert_embedding fp32" + shape, 0, 2 * bytes, [&] {
      run(BertEmbeddingArgs{y.data(), rows, rows, rows, ids.data(), offsets, &type_1_begins, tokens,
                            1, dim},
          kernels.plan_bert_embedding, kernels.bert_embedding, nullptr);
    });
  const double square = static_cast<double>(dim * dim);
  if (wanted(options, "classify"))
    measure(options, "classify 1 x " + std::to_string(dim), 2 * square, 4 * square, [&] {
      float logit;
      run(ClassifyArgs{&logit, x.data(), weight.data(), x.data(), x.data(), 0.0f, 1, dim},
          kernels.plan_classify, kernels.classify, nullptr);
    });
}

void bench_quantize(const Options& options, std::int64_t tokens, std::int64_t dim) {
  const CpuKernels& kernels = *options.kernels;
  const std::string shape = " " + std::to_string(tokens) + " x " + std::to_string(dim);
  const double bytes = static_cast<double>(tokens * dim) * 5;
  const auto weight = numbers(dim);
  const auto x = numbers(tokens * dim);
  std::vector<std::uint8_t> codes(static_cast<std::size_t>(tokens * int8_stride(dim)));
  std::vector<float> scales(static_cast<std::size_t>(tokens));
  const QuantizeArgs sizes{nullptr, nullptr, nullptr, tokens, dim};
  const Memory scratch(kernels.plan_quantize(sizes, 1).scratch_bytes);
  if (wanted(options, "quantize"))
    measure(options, "quantize" + shape, 0, bytes, [&] {
      run(QuantizeArgs{codes.data(), scales.data(), x.data(), tokens, dim}, kernels.plan_quantize,
          kernels.quantize, scratch.data());
    });
  if (wanted(options, "rms_norm_quantize"))
    measure(options, "rms_norm_quantize" + shape, 0, bytes, [&] {
      run(RmsNormQuantizeArgs{codes.data(), scales.data(), x.data(), weight.data(), tokens, dim,
                              1e-5f},
          kernels.plan_rms_norm_quantize, kernels.rms_norm_quantize, scratch.data());
    });
}

void bench_round_bf16(const Options& options, std::int64_t tokens, std::int64_t dim) {
  const CpuKernels& kernels = *options.kernels;
  if (kernels.bf16_sequence == nullptr) return;
  const std::string shape = " " + std::to_string(tokens) + " x " + std::to_string(dim);
  const double bytes = static_cast<double>(tokens * dim) * 6;
  const auto weight = numbers(dim);
  const auto x = numbers(tokens * dim);
  std::vector<std::uint16_t> y(static_cast<std::size_t>(tokens * bf16_stride(dim)));
  if (wanted(options, "round_bf16"))
    measure(options, "round_bf16" + shape, 0, bytes, [&] {
      run(RoundBf16Args{y.data(), x.data(), tokens, dim}, kernels.plan_round_bf16,
          kernels.round_bf16, nullptr);
    });
  if (wanted(options, "rms_norm_bf16"))
    measure(options, "rms_norm_bf16" + shape, 0, bytes, [&] {
      run(RmsNormBf16Args{y.data(), x.data(), weight.data(), tokens, dim, 1e-5f},
          kernels.plan_rms_norm_bf16, kernels.rms_norm_bf16, nullptr);
    });
}

}  // namespace reranker::kernels
