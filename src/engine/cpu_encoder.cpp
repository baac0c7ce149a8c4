#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <utility>

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <fmt/format.h>
#include <torch/version.h>

#include <reranker/error.hpp>

#include "engine/arithmetic/arithmetic.hpp"
#include "engine/call.hpp"
#include "engine/engine.hpp"
#include "engine/graph.hpp"
#include "engine/make_encoder.hpp"
#include "engine/warnings.hpp"
#include "engine/weights.hpp"
#include "kernels/cpu/cpu_kernels.hpp"
#include "model/config.hpp"

namespace reranker::engine {
namespace {

// A projection reads its weights once for about two hundred rows, so that larger passes win
// nothing, while their activations leave the caches.
constexpr std::size_t kEnoughTokens = 2048;

static_assert(model::kMaxHeadDim == kernels::kMaxHeadDim);

const kernels::CpuKernels& choose_kernels(Precision precision) {
  const bool tiles = precision == Precision::int8 || precision == Precision::bf16;
  const char* isa = std::getenv("RERANKER_ISA");
  if (isa == nullptr || *isa == '\0') return kernels::best_cpu_kernels(tiles);
  const auto* kernels = kernels::find_cpu_kernels(isa);
  if (kernels == nullptr)
    throw Error(ErrorCode::unsupported,
                fmt::format("RERANKER_ISA is {}, which this machine or build does not have; {} is "
                            "its best of generic, avx2, avx2_vnni, avx512, avx512_vnni, "
                            "avx512_bf16 and amx",
                            isa, kernels::best_cpu_kernels(tiles).isa));
  return *kernels;
}

at::Tensor make_rope_table(const Blueprint& blueprint) {
  if (blueprint.network.inverse_frequencies.empty()) return at::empty({0}, at::kFloat);
  const auto max_positions = static_cast<std::int64_t>(blueprint.max_tokens);
  const std::int64_t head_dim = blueprint.network.head_dim;
  at::Tensor table = at::empty({kernels::rope_table_size(max_positions, head_dim)}, at::kFloat);
  kernels::make_rope_table(table.mutable_data_ptr<float>(),
                           blueprint.network.inverse_frequencies.data(), max_positions, head_dim);
  return table;
}

Precision choose_precision(Precision wanted) {
  if (wanted == Precision::fp16 || wanted == Precision::fp8)
    throw Error(
        ErrorCode::unsupported,
        fmt::format("precision is {}: the CPU engine computes in fp32, bf16 or int8; one of "
                    "them or automatic wanted",
                    wanted == Precision::fp16 ? "fp16" : "fp8"));
  // Less than fp32 is for those who ask: whether it ranks a model's passages as fp32 does, only
  // they can say.
  return wanted == Precision::automatic ? Precision::fp32 : wanted;
}

// Weights that lie on the steps of quads are exact there alone, also where more steps are to be
// had.
kernels::Int8Range int8_range(const Blueprint& blueprint, const kernels::CpuKernels& kernels) {
  return blueprint.int8_quads ? kernels::Int8Range::quads : kernels.int8_range;
}

at::Tensor view(const std::vector<std::int32_t>& values) {
  return at::from_blob(const_cast<std::int32_t*>(values.data()),
                       {static_cast<std::int64_t>(values.size())}, at::kInt);
}

class CpuEncoder final : public Encoder {
 public:
  explicit CpuEncoder(const Blueprint& blueprint)
      : warn_(blueprint.warn),
        kernels_(choose_kernels(blueprint.precision)),
        arithmetic_(make_arithmetic(choose_precision(blueprint.precision), kernels_,
                                    int8_range(blueprint, kernels_))),
        weights_(load_weights(blueprint, *arithmetic_)),
        graph_(blueprint.network, weights_, make_rope_table(blueprint)),
        num_heads_(blueprint.network.num_heads),
        num_kv_heads_(blueprint.network.num_kv_heads),
        head_dim_(blueprint.network.head_dim),
        floats_per_token_(static_cast<std::size_t>(blueprint.network.floats_per_token)),
        floats_per_sequence_(static_cast<std::size_t>(blueprint.network.floats_per_sequence)),
        memory_limit_(blueprint.memory_limit) {
    description_.device = "cpu";
    description_.isa = kernels_.isa;
    description_.precision = arithmetic_->name();
    description_.weights = weights_.storage;
    description_.attention = arithmetic_->attention().products;
    if (arithmetic_->name() == "bf16" && kernels_.bf16_sums == kernels::Bf16Sums::tiles)
      description_.hardware = "tiles";
    description_.libtorch = TORCH_VERSION;
    description_.weight_bytes = weights_.bytes;
    description_.kernel_revision = kernels::kCpuRevision;
    description_.weight_hash = weights_.hash;
  }

  void forward(const batch::Batch& batch, runtime::Crew& crew, runtime::Arena& arena,
               float* logits) const override {
    const WarningScope warnings(warn_);
    Call call{kernels_, crew, arena, *arithmetic_, batch.type_1_begins.data()};
    const CallScope scope(call);
    const at::Tensor out = graph_.run(view(batch.ids), view(batch.offsets));
    std::copy_n(out.const_data_ptr<float>(), batch.num_sequences(), logits);
  }

  std::size_t plan(std::size_t num_tokens, std::size_t num_sequences,
                   std::size_t num_threads) const override {
    constexpr std::size_t kBlocks = 16;  // each rounded up to the arena's step
    const auto round_up = &runtime::Arena::rounded;
    const std::size_t activations = num_tokens * (floats_per_token_ * sizeof(float) + row_bytes());
    const std::size_t first_rows = num_sequences * floats_per_sequence_ * sizeof(float);
    const std::size_t outputs = (num_tokens + num_sequences) * sizeof(float);
    return round_up(activations + first_rows + outputs) + kBlocks * runtime::Arena::kAlignment +
           round_up(packed_keys(num_tokens, num_sequences)) +
           num_threads * round_up(scratch(num_tokens, num_sequences));
  }

  std::size_t memory_limit() const override { return memory_limit_; }

  runtime::Region working_memory(std::size_t bytes, runtime::Crew& crew) const override {
    const runtime::Pages& pages = crew.working_memory(bytes);
    return {pages.data(), pages.size()};
  }

  std::size_t enough_tokens() const override { return kEnoughTokens; }
  bool leaves_host_free() const override { return false; }
  const Description& description() const override { return description_; }

 private:
  // Sizes alone, to plan with.
  kernels::AttentionArgs attention_args(std::size_t num_tokens, std::size_t num_sequences) const {
    kernels::AttentionArgs args{};
    args.num_tokens = static_cast<std::int64_t>(num_tokens);
    args.num_sequences = static_cast<std::int64_t>(num_sequences);
    args.num_heads = num_heads_;
    args.num_kv_heads = num_kv_heads_;
    args.head_dim = head_dim_;
    return args;
  }

  std::size_t packed_keys(std::size_t num_tokens, std::size_t num_sequences) const {
    return arithmetic_->attention().packed_bytes(attention_args(num_tokens, num_sequences));
  }

  // A token's, of the widest rows that are made of floats while these are still there.
  std::size_t row_bytes() const {
    std::size_t bytes = 0;
    for (const auto& weights : weights_.projections)
      bytes = std::max(bytes, arithmetic_->row_bytes(weights.k));
    return bytes;
  }

  // The largest that any operator asks for, for one thread.
  std::size_t scratch(std::size_t num_tokens, std::size_t num_sequences) const {
    const auto args = attention_args(num_tokens, num_sequences);
    const kernels::AttentionKernels& attention = arithmetic_->attention();
    std::size_t bytes =
        std::max(attention.plan(args, 1).scratch_bytes, attention.plan_pack(args, 1).scratch_bytes);
    for (const auto& weights : weights_.projections)
      bytes = std::max(bytes,
                       arithmetic_->scratch_bytes(weights, static_cast<std::int64_t>(num_tokens)));
    return bytes;
  }

  WarningScope::Taker warn_;
  const kernels::CpuKernels& kernels_;
  std::unique_ptr<Arithmetic> arithmetic_;
  Weights weights_;
  Graph graph_;
  std::int64_t num_heads_;
  std::int64_t num_kv_heads_;
  std::int64_t head_dim_;
  std::size_t floats_per_token_;
  std::size_t floats_per_sequence_;
  std::size_t memory_limit_;
  Description description_;
};

std::unique_ptr<Encoder> make_cpu_encoder(const Blueprint& blueprint) {
  return make_encoder(blueprint, [&] { return std::make_unique<CpuEncoder>(blueprint); });
}

}  // namespace
}  // namespace reranker::engine

extern "C" __attribute__((visibility("default"))) const reranker::engine::Module reranker_engine{
    reranker::engine::kAbi, &reranker::engine::make_cpu_encoder};
