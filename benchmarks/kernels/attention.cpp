#include <algorithm>
#include <string>
#include <vector>

#include "benchmarks/kernels/lines.hpp"
#include "benchmarks/operands.hpp"

namespace reranker::kernels {
namespace {

// A form of attention, and what bounds it.
struct AttentionForm {
  const char* name;
  const AttentionKernels& kernels;
  double (*peak_of)(const CpuKernels& kernels);
};

void bench_form(const Options& options, const AttentionForm& form, std::int64_t length,
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

}  // namespace

void bench_attention(const Options& options) {
  for (const AttentionForm& form :
       {AttentionForm{"attention", options.kernels->attention, own_fma_peak},
        AttentionForm{"attention_bf16", options.kernels->attention_bf16, bf16_peak}}) {
    for (const std::int64_t length : {16, 64, 128, 512, 2048, 8192})
      bench_form(options, form, length, std::max<std::int64_t>(1, 512 / length), 32, 8, 64);
    bench_form(options, form, 512, 1, 16, 4, 128);
    bench_form(options, form, 512, 1, 9, 3, 64);
    bench_form(options, form, 512, 1, 12, 12, 32);
    bench_form(options, form, 512, 1, 8, 8, 80);
  }
}

}  // namespace reranker::kernels
