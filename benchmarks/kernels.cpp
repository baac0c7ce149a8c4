// How near the CPU kernels come to what one core can do. Prints a table on stdout:
//
//   kernels_bench [--isa NAME] [--only TEXT] [--seconds S]
//
// One thread, thread CPU time, of the runs that fit into S seconds (default 0.5) a line; the rate
// is that of the fastest tenth, the median's share comes after it: the two are far apart where
// other processes empty the caches. Peak is fused multiply-adds on registers of the instruction
// set's own width, or for int8 and bf16 the table's own products, probed in this process right
// before and after each line.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "benchmarks/operands.hpp"
#include "benchmarks/peaks.hpp"
#include "kernels/cpu/cpu_kernels.hpp"

namespace {

using namespace reranker::kernels;

/// A line is held against what its own instruction set can do.
double own_fma_peak(const CpuKernels& kernels) {
  const std::string isa = kernels.isa;
  return fma_peak(isa.rfind("avx512", 0) == 0 ? "avx512" : "avx2");
}

struct Options {
  const CpuKernels* kernels = &best_cpu_kernels();
  std::string only;
  double seconds = 0.5;
};

/// Measures `work` and prints a line. flops or bytes of one call; 0 leaves the column empty.
void measure(const Options& options, const std::string& name, double flops, double bytes,
             const std::function<void()>& work,
             double (*peak_of)(const CpuKernels& kernels) = own_fma_peak) {
  work();
  std::vector<double> times;
  const double before = peak_of(*options.kernels);
  const double start = cpu_seconds();
  do {
    const double begin = cpu_seconds();
    work();
    times.push_back(cpu_seconds() - begin);
  } while (cpu_seconds() - start < options.seconds || times.size() < 3);
  const double best_rate = std::max(before, peak_of(*options.kernels));
  std::sort(times.begin(), times.end());
  const double seconds = times[times.size() / 10];
  const double median = times[times.size() / 2];
  std::printf("%-44s %10.3f ms", name.c_str(), seconds * 1e3);
  if (flops > 0) {
    std::printf(" %8.1f GFLOP/s", flops / seconds * 1e-9);
    if (best_rate > 0)
      std::printf(" %5.1f %% of %.1f (median %.1f %%)", flops / seconds * 1e-7 / best_rate,
                  best_rate, flops / median * 1e-7 / best_rate);
  }
  if (bytes > 0) std::printf(" %8.1f GB/s", bytes / seconds * 1e-9);
  std::printf("\n");
  std::fflush(stdout);
}

bool wanted(const Options& options, const std::string& name) {
  return name.find(options.only) != std::string::npos;
}

template <typename Args>
void run(const Args& args, Plan (*plan_of)(const Args&, int),
         void (*op)(const Args&, const Plan&, std::int64_t, void*), void* scratch) {
  const Plan plan = plan_of(args, 1);
  for (std::int64_t task = 0; task < plan.num_tasks; ++task) op(args, plan, task, scratch);
}

const char* name_of(WeightType type) {
  return type == WeightType::bf16 ? "bf16" : type == WeightType::fp16 ? "fp16" : "fp32";
}

const char* suffix_of(Epilogue epilogue) {
  switch (epilogue) {
    case Epilogue::store: return "";
    case Epilogue::add: return " add";
    case Epilogue::swiglu: return " swiglu";
    case Epilogue::gelu: return " gelu";
  }
  return "";
}

void bench_linear(const Options& options, std::int64_t n, std::int64_t k, Epilogue epilogue,
                  WeightType type, std::int64_t tokens) {
  const std::string name = std::string("linear ") + name_of(type) + " n " + std::to_string(n) +
                           " k " + std::to_string(k) + suffix_of(epilogue) + " m " +
                           std::to_string(tokens);
  if (!wanted(options, name)) return;
  const LinearWeights shape{n, k, type,
                            epilogue == Epilogue::swiglu ? RowOrder::gate_up : RowOrder::plain};
  const auto x = numbers(tokens * k);
  const auto residual = numbers(tokens * n);
  std::vector<float> out(static_cast<std::size_t>(tokens * n));
  const Memory packed(packed_linear_bytes(shape));
  auto source = numbers(type == WeightType::fp32 ? n * k : n * k / 2);  // bits of any kind
  for (float& v : source) v *= 0.01f;
  options.kernels->pack_linear({shape, packed.data(), source.data(), 0, n});
  const LinearArgs args{shape,           packed.data(), out.data(), x.data(),
                        residual.data(), tokens,        epilogue};
  const Memory scratch(options.kernels->plan_linear(args, 1).scratch_bytes);
  const double flops = 2.0 * static_cast<double>(n * k * tokens);
  const double bytes = tokens <= 16 ? static_cast<double>(packed_linear_bytes(shape)) : 0;
  measure(options, name, flops, bytes, [&] {
    run(args, options.kernels->plan_linear, options.kernels->linear, scratch.data());
  });
}

void bench_pack(const Options& options, WeightType type) {
  const std::string name = std::string("pack_linear ") + name_of(type) + " n 8192 k 2048";
  if (!wanted(options, name)) return;
  const LinearWeights shape{8192, 2048, type, RowOrder::plain};
  const Memory packed(packed_linear_bytes(shape));
  const double bytes = 8192.0 * 2048.0 * (type == WeightType::fp32 ? 4 : 2);
  const Memory source(static_cast<std::size_t>(bytes));
  measure(options, name, 0, bytes, [&] {
    options.kernels->pack_linear({shape, packed.data(), source.data(), 0, 8192});
  });
}

void bench_linear_int8(const Options& options, std::int64_t n, std::int64_t k, Epilogue epilogue,
                       std::int64_t tokens) {
  const CpuKernels& kernels = *options.kernels;
  const std::string name = std::string("linear_int8 ") + kernels.int8_sequence + " n " +
                           std::to_string(n) + " k " + std::to_string(k) + suffix_of(epilogue) +
                           " m " + std::to_string(tokens);
  if (!wanted(options, name)) return;
  const LinearInt8Weights weights{
      {n, k, WeightType::fp32, epilogue == Epilogue::swiglu ? RowOrder::gate_up : RowOrder::plain},
      kernels.int8_range};
  const Memory packed(packed_linear_int8_bytes(weights));
  kernels.pack_linear_int8({weights, packed.data(), numbers(n * k).data(), 0, n});
  std::vector<std::uint8_t> codes(static_cast<std::size_t>(tokens * int8_stride(k)), 200);
  const auto scales = numbers(tokens);
  const auto residual = numbers(tokens * n);
  std::vector<float> out(static_cast<std::size_t>(tokens * n));
  const LinearInt8Args args{weights,       packed.data(),   out.data(), codes.data(),
                            scales.data(), residual.data(), tokens,     epilogue};
  const Memory scratch(kernels.plan_linear_int8(args, 1).scratch_bytes);
  const double bytes = tokens <= 16 ? static_cast<double>(packed_linear_int8_bytes(weights)) : 0;
  measure(
      options, name, 2.0 * static_cast<double>(n * k * tokens), bytes,
      [&] { run(args, kernels.plan_linear_int8, kernels.linear_int8, scratch.data()); }, int8_peak);
}

void bench_pack_int8(const Options& options, WeightType type) {
  const std::string name = std::string("pack_linear_int8 ") + name_of(type) + " n 8192 k 2048";
  if (!wanted(options, name)) return;
  const LinearInt8Weights weights{{8192, 2048, type, RowOrder::plain}, options.kernels->int8_range};
  const Memory packed(packed_linear_int8_bytes(weights));
  const double bytes = 8192.0 * 2048.0 * (type == WeightType::fp32 ? 4 : 2);
  const Memory source(static_cast<std::size_t>(bytes));
  measure(options, name, 0, bytes, [&] {
    options.kernels->pack_linear_int8({weights, packed.data(), source.data(), 0, 8192});
  });
}

void bench_rotate(const Options& options, WeightType type) {
  const std::string name = std::string("rotate_rows ") + name_of(type) + " 1024 x 2048";
  if (!wanted(options, name)) return;
  const double bytes = 1024.0 * 2048.0 * (type == WeightType::fp32 ? 8 : 6);
  const Memory source(static_cast<std::size_t>(bytes));
  std::vector<float> out(1024 * 2048);
  measure(options, name, 0, bytes, [&] {
    options.kernels->rotate_rows({out.data(), source.data(), type, 1024, 2048});
  });
}

void bench_linear_bf16(const Options& options, std::int64_t n, std::int64_t k, Epilogue epilogue,
                       std::int64_t tokens) {
  const CpuKernels& kernels = *options.kernels;
  const std::string name = "linear_bf16 n " + std::to_string(n) + " k " + std::to_string(k) +
                           suffix_of(epilogue) + " m " + std::to_string(tokens);
  if (kernels.bf16_sequence == nullptr || !wanted(options, name)) return;
  const LinearWeights shape{n, k, WeightType::fp32,
                            epilogue == Epilogue::swiglu ? RowOrder::gate_up : RowOrder::plain};
  const Memory packed(packed_linear_bf16_bytes(shape));
  kernels.pack_linear_bf16({shape, packed.data(), numbers(n * k).data(), 0, n});
  std::vector<std::uint16_t> x(static_cast<std::size_t>(tokens * bf16_stride(k)));
  run(RoundBf16Args{x.data(), numbers(tokens * k).data(), tokens, k}, kernels.plan_round_bf16,
      kernels.round_bf16, nullptr);
  const auto residual = numbers(tokens * n);
  std::vector<float> out(static_cast<std::size_t>(tokens * n));
  const LinearBf16Args args{shape,           packed.data(), out.data(), x.data(),
                            residual.data(), tokens,        epilogue};
  const Memory scratch(kernels.plan_linear_bf16(args, 1).scratch_bytes);
  const double bytes = tokens <= 16 ? static_cast<double>(packed_linear_bf16_bytes(shape)) : 0;
  measure(
      options, name, 2.0 * static_cast<double>(n * k * tokens), bytes,
      [&] { run(args, kernels.plan_linear_bf16, kernels.linear_bf16, scratch.data()); }, bf16_peak);
}

void bench_pack_bf16(const Options& options, WeightType type) {
  const std::string name = std::string("pack_linear_bf16 ") + name_of(type) + " n 8192 k 2048";
  if (options.kernels->bf16_sequence == nullptr || !wanted(options, name)) return;
  const LinearWeights shape{8192, 2048, type, RowOrder::plain};
  const Memory packed(packed_linear_bf16_bytes(shape));
  const double bytes = 8192.0 * 2048.0 * (type == WeightType::fp32 ? 4 : 2);
  const Memory source(static_cast<std::size_t>(bytes));
  measure(options, name, 0, bytes, [&] {
    options.kernels->pack_linear_bf16({shape, packed.data(), source.data(), 0, 8192});
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

// A form of attention, and what bounds it.
struct AttentionForm {
  const char* name;
  const AttentionKernels& kernels;
  double (*peak_of)(const CpuKernels& kernels);
};

void bench_attention(const Options& options, const AttentionForm& form, std::int64_t length,
                     std::int64_t sequences, std::int64_t heads, std::int64_t kv_heads,
                     std::int64_t dim) {
  const std::string name = std::string(form.name) + " " + std::to_string(sequences) + " x " +
                           std::to_string(length) + " h " + std::to_string(heads) + "/" +
                           std::to_string(kv_heads) + " d " + std::to_string(dim);
  if (form.kernels.run == nullptr || !wanted(options, name)) return;
  const std::int64_t tokens = sequences * length;
  const auto qkv = numbers(tokens * (heads + 2 * kv_heads) * dim);
  std::vector<float> out(static_cast<std::size_t>(tokens * heads * dim));
  std::vector<std::int32_t> offsets;
  for (std::int64_t s = 0; s <= sequences; ++s)
    offsets.push_back(static_cast<std::int32_t>(s * length));
  AttentionArgs args{out.data(), qkv.data(), offsets.data(), nullptr, tokens,
                     sequences,  heads,      kv_heads,       dim};
  const Memory packed(form.kernels.packed_bytes(args));
  args.packed = packed.data();
  const Memory scratch(form.kernels.plan(args, 1).scratch_bytes);
  const double flops = 4.0 * static_cast<double>(tokens * length * heads * dim);
  measure(
      options, name, flops, 0,
      [&] {
        run(args, form.kernels.plan_pack, form.kernels.pack, scratch.data());
        run(args, form.kernels.plan, form.kernels.run, scratch.data());
      },
      form.peak_of);
}

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
  if (wanted(options, "swiglu "))
    measure(options, "swiglu" + shape, 0, 3 * bytes, [&] {
      run(SwigluArgs{y.data(), x.data(), tokens, dim}, kernels.plan_swiglu, kernels.swiglu,
          nullptr);
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

void bench_all(const Options& options) {
  constexpr auto kStore = Epilogue::store;
  constexpr auto kAdd = Epilogue::add;
  constexpr auto kSwiglu = Epilogue::swiglu;
  constexpr auto kGelu = Epilogue::gelu;
  constexpr auto kBf16 = WeightType::bf16;
  for (const std::int64_t m : {1, 2, 4, 6, 7, 16, 32, 64, 128, 300, 512, 2048}) {
    bench_linear(options, 3072, 2048, kStore, kBf16, m);
    bench_linear(options, 2048, 2048, kAdd, kBf16, m);
    bench_linear(options, 16384, 2048, kSwiglu, kBf16, m);
    bench_linear(options, 2048, 8192, kAdd, kBf16, m);
  }
  for (const std::int64_t m : {1, 16, 128, 512, 2048}) {
    bench_linear(options, 960, 576, kStore, kBf16, m);
    bench_linear(options, 576, 576, kAdd, kBf16, m);
    bench_linear(options, 3072, 576, kSwiglu, kBf16, m);
    bench_linear(options, 576, 1536, kAdd, kBf16, m);
  }
  for (const std::int64_t m : {1, 128, 512}) {
    bench_linear(options, 3072, 2048, kStore, WeightType::fp32, m);
    bench_linear(options, 2048, 8192, kAdd, WeightType::fp32, m);
  }
  for (const std::int64_t m : {1, 16, 128, 512, 2048}) {
    bench_linear(options, 1152, 384, kStore, WeightType::fp32, m);
    bench_linear(options, 1536, 384, kStore, WeightType::fp32, m);
    bench_linear(options, 1536, 384, kGelu, WeightType::fp32, m);
    bench_linear(options, 384, 1536, kAdd, WeightType::fp32, m);
  }
  for (const auto type : {WeightType::bf16, WeightType::fp16, WeightType::fp32})
    bench_pack(options, type);
  for (const std::int64_t m : {1, 6, 16, 64, 128, 300, 512, 2048}) {
    bench_linear_int8(options, 3072, 2048, kStore, m);
    bench_linear_int8(options, 2048, 2048, kAdd, m);
    bench_linear_int8(options, 16384, 2048, kSwiglu, m);
    bench_linear_int8(options, 2048, 8192, kAdd, m);
  }
  for (const std::int64_t m : {1, 128, 512}) {
    bench_linear_int8(options, 3072, 576, kSwiglu, m);
    bench_linear_int8(options, 576, 1536, kAdd, m);
    bench_linear_int8(options, 1536, 384, kGelu, m);
  }
  for (const auto type : {WeightType::bf16, WeightType::fp16, WeightType::fp32}) {
    bench_pack_int8(options, type);
    bench_rotate(options, type);
  }
  for (const std::int64_t m : {1, 6, 16, 64, 128, 300, 512, 2048}) {
    bench_linear_bf16(options, 3072, 2048, kStore, m);
    bench_linear_bf16(options, 2048, 2048, kAdd, m);
    bench_linear_bf16(options, 16384, 2048, kSwiglu, m);
    bench_linear_bf16(options, 2048, 8192, kAdd, m);
  }
  for (const std::int64_t m : {1, 128, 512}) {
    bench_linear_bf16(options, 960, 576, kStore, m);
    bench_linear_bf16(options, 576, 576, kAdd, m);
    bench_linear_bf16(options, 3072, 576, kSwiglu, m);
    bench_linear_bf16(options, 576, 1536, kAdd, m);
    bench_linear_bf16(options, 1536, 384, kGelu, m);
  }
  for (const auto type : {WeightType::bf16, WeightType::fp16, WeightType::fp32})
    bench_pack_bf16(options, type);
  bench_round_bf16(options, 512, 2048);
  bench_round_bf16(options, 512, 8192);
  bench_quantize(options, 512, 2048);
  bench_quantize(options, 512, 8192);
  for (const AttentionForm& form :
       {AttentionForm{"attention", options.kernels->attention, own_fma_peak},
        AttentionForm{"attention_bf16", options.kernels->attention_bf16, bf16_peak}}) {
    for (const std::int64_t length : {16, 64, 128, 512, 2048, 8192})
      bench_attention(options, form, length, std::max<std::int64_t>(1, 512 / length), 32, 8, 64);
    bench_attention(options, form, 512, 1, 16, 4, 128);
    bench_attention(options, form, 512, 1, 9, 3, 64);
    bench_attention(options, form, 512, 1, 12, 12, 32);
    bench_attention(options, form, 512, 1, 8, 8, 80);
  }
  bench_rows(options, 512, 2048);
  bench_rows(options, 8192, 2048);
  bench_bert(options, 512, 384);
  bench_bert(options, 8192, 384);
}

Options read_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    if (name == "--isa") options.kernels = find_cpu_kernels(argv[i + 1]);
    if (name == "--only") options.only = argv[i + 1];
    if (name == "--seconds") options.seconds = std::atof(argv[i + 1]);
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = read_options(argc, argv);
  if (options.kernels == nullptr) {
    std::fprintf(stderr, "kernels_bench: this machine has no such kernels\n");
    return 2;
  }
  std::printf("isa %s, one thread\n", options.kernels->isa);
  for (const char* isa : {"avx2", "avx512"})
    if (const double rate = fma_peak(isa); rate > 0)
      std::printf("peak %-39s %27.1f GFLOP/s\n", isa, rate);
  bench_all(options);
}
