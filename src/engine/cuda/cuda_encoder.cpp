#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <torch/version.h>

#include <reranker/error.hpp>

#include "engine/cuda/call.hpp"
#include "engine/cuda/device.hpp"
#include "engine/cuda/inputs.hpp"
#include "engine/cuda/plan.hpp"
#include "engine/cuda/recordings.hpp"
#include "engine/cuda/weights.hpp"
#include "engine/engine.hpp"
#include "engine/graph.hpp"
#include "engine/warnings.hpp"
#include "kernels/rope.hpp"

namespace reranker::engine {
namespace {

using namespace cuda;
using kernels::cuda::AttentionKernel;

// Larger passes fill the device no better.
constexpr std::size_t kEnoughTokens = 16384;

// Left to the driver, which takes more when kernels first run, and to others on the device.
constexpr std::size_t kReserveBytes = std::size_t{256} << 20;

// Raised when the bits that kernels give change.
constexpr int kKernelRevision = 1;

Types choose_types(Precision precision, const Device& device) {
  switch (precision) {
    case Precision::automatic:
    case Precision::bf16: return {Type::bf16, Type::bf16};
    case Precision::fp16: return {Type::fp16, Type::fp16};
    case Precision::fp32: return {Type::fp32, Type::fp32};
    case Precision::fp8:
      if (device.info.capability >= 89) return {Type::bf16, Type::e4m3};
      throw Error(ErrorCode::unsupported,
                  fmt::format("precision is fp8, which {} ({}) does not compute in; capability 8.9 "
                              "or later, or another precision wanted",
                              device.name(), device.isa()));
    case Precision::int8: break;
  }
  throw Error(ErrorCode::unsupported,
              "precision is int8: the CUDA engine computes in fp32, bf16, fp16 or fp8; one of them "
              "or automatic wanted");
}

const char* name(const Types& types) {
  return types.rows == Type::e4m3 ? "fp8" : kernels::cuda::name(types.type);
}

// Rows are moved 16 bytes at a time, and attention has tiles for a few sizes of a head alone.
void require_supported(const model::Network& network, const Widths& widths, const Types& types) {
  const std::int64_t step = types.rows == Type::e4m3 ? 16 : 8;
  for (const std::int64_t width : {widths.hidden, widths.attention, widths.gate_up / 2})
    if (width % step != 0)
      throw Error(ErrorCode::unsupported, fmt::format("rows of {} numbers, a multiple of {} wanted "
                                                      "by the CUDA engine",
                                                      width, step));
  if (network.head_dim != 32 && network.head_dim != 64 && network.head_dim != 128)
    throw Error(
        ErrorCode::unsupported,
        fmt::format("head_dim is {}, 32, 64 or 128 wanted by the CUDA engine", network.head_dim));
}

// Shape and type alone, to choose a kernel with.
kernels::cuda::AttentionArgs attention_args(const model::Network& network, const Types& types) {
  kernels::cuda::AttentionArgs args{};
  args.num_heads = static_cast<std::int32_t>(network.num_heads);
  args.num_kv_heads = static_cast<std::int32_t>(network.num_kv_heads);
  args.head_dim = static_cast<std::int32_t>(network.head_dim);
  args.type = types.type;
  return args;
}

/// What an encoder holds on its device.
struct Held {
  Held(const Blueprint& blueprint, const Device& device, const Types& of)
      : widths(blueprint.network), types(of) {
    require_supported(blueprint.network, widths, types);
    const auto args = attention_args(blueprint.network, types);
    attention = &kernels::cuda::find_attention_kernel(args, device.info.capability);
    query_tokens = attention->query_tokens(args);
    check(linear.open(), "opening cuBLASLt");
    weights = load_weights(blueprint, device.index, types);
    for (const auto& shape : weights.shapes) check(linear.prepare(shape), "choosing a product");
    make_rope_table(blueprint);
    graph.emplace(blueprint.network, weights, rope_view(blueprint, device.index));
    take_working_memory(blueprint.memory_limit);
    const std::size_t most = std::max(kEnoughTokens, blueprint.max_tokens);
    staging.emplace(input_bytes(query_tokens, most, most));
    logits.emplace(logit_bytes(most));
  }

  std::size_t plan(std::size_t num_tokens, std::size_t num_sequences) const {
    return plan_bytes(widths, types, query_tokens, num_tokens, num_sequences);
  }

  void make_rope_table(const Blueprint& blueprint) {
    const auto max_positions = static_cast<std::int64_t>(blueprint.max_tokens);
    const std::int64_t head_dim = blueprint.network.head_dim;
    std::vector<float> table(
        static_cast<std::size_t>(kernels::rope_table_size(max_positions, head_dim)));
    kernels::make_rope_table(table.data(), blueprint.network.inverse_frequencies.data(),
                             max_positions, head_dim);
    const std::size_t bytes = table.size() * sizeof(float);
    rope_table = DeviceMemory(bytes);
    check(kernels::cuda::copy_to_device(rope_table.data(), table.data(), bytes, stream.get()),
          "sending the rope table");
    check(kernels::cuda::synchronize(stream.get()), "sending the rope table");
  }

  at::Tensor rope_view(const Blueprint& blueprint, int device) const {
    return view(rope_table.data(),
                {static_cast<std::int64_t>(blueprint.max_tokens), blueprint.network.head_dim},
                at::kFloat, device);
  }

  // All that a pass may ever take is taken at once, so that none can fail for want of it later and
  // recorded passes find it where it was. Where there is less, passes are smaller.
  void take_working_memory(std::size_t limit) {
    std::size_t free = 0;
    check(kernels::cuda::free_memory(&free), "asking for free memory");
    std::size_t bytes = plan(kEnoughTokens, kEnoughTokens);
    bytes = std::min(bytes, free > kReserveBytes ? free - kReserveBytes : 0);
    if (limit != 0) bytes = std::min(bytes, limit);
    bytes = bytes / kAlignment * kAlignment;
    const std::size_t least = plan(1, 1);
    if (bytes < least)
      throw Error(
          ErrorCode::out_of_memory,
          fmt::format("a pass needs at least {} bytes of working memory; {} of the device's "
                      "are free, of which {} stay so, and memory_limit is {}",
                      least, free, kReserveBytes, limit));
    working_memory = DeviceMemory(bytes);
  }

  // The graph goes first, then what its tensors lie in.
  Widths widths;
  Types types;
  const AttentionKernel* attention = nullptr;
  std::int32_t query_tokens = 0;
  OwnStream stream;
  kernels::cuda::Linear linear;
  Weights weights;
  DeviceMemory rope_table;
  DeviceMemory working_memory;
  std::optional<PinnedMemory> staging;
  std::optional<PinnedMemory> logits;
  std::optional<Graph> graph;
  Recordings recordings;
};

class CudaEncoder final : public Encoder {
 public:
  CudaEncoder(const Blueprint& blueprint, Device device, const Types& types)
      : warn_(blueprint.warn),
        device_(std::move(device)),
        held_(std::make_unique<Held>(blueprint, device_, types)) {
    description_.device = device_.name();
    description_.isa = device_.isa();
    description_.precision = description_.weights = name(types);
    description_.attention = kernels::cuda::name(types.type);
    description_.kernels.push_back(fmt::format("attention {}", held_->attention->name));
    for (const auto& choice : held_->linear.choices())
      description_.kernels.push_back("linear " + choice);
    // Not the products: whichever algorithm was chosen, its bits are those of the others.
    description_.hardware =
        fmt::format("{} {} attention {}", device_.info.name, device_.isa(), held_->attention->name);
    description_.libtorch = TORCH_VERSION;
    description_.weight_bytes = held_->weights.memory.size();
    description_.kernel_revision = kKernelRevision;
    description_.weight_hash = held_->weights.hash;
  }

  ~CudaEncoder() override {
    (void)kernels::cuda::use_device(device_.index);
    held_.reset();
  }

  // Passes follow each other on the Runtime's one leader, so what is held needs no lock.
  void forward(const batch::Batch& batch, runtime::Crew&, runtime::Arena& arena,
               float* logits) const override {
    const WarningScope warnings(warn_);
    try {
      check(kernels::cuda::use_device(device_.index), "choosing the device");
      run(batch, arena);
    } catch (const Failure& failure) {
      throw device_.error(failure);
    }
    std::copy_n(reinterpret_cast<const float*>(held_->logits->data()), batch.num_sequences(),
                logits);
  }

  std::size_t plan(std::size_t num_tokens, std::size_t num_sequences, std::size_t) const override {
    return held_->plan(num_tokens, num_sequences);
  }

  std::size_t memory_limit() const override { return held_->working_memory.size(); }

  runtime::Region working_memory(std::size_t, runtime::Crew&) const override {
    return {held_->working_memory.data(), held_->working_memory.size()};
  }

  std::size_t enough_tokens() const override { return kEnoughTokens; }
  bool leaves_host_free() const override { return true; }
  const Description& description() const override { return description_; }

 private:
  void run(const batch::Batch& batch, runtime::Arena& arena) const {
    Held& held = *held_;
    const Inputs inputs(batch, held.query_tokens);
    const Layout layout(inputs.extents());
    inputs.write(layout, held.staging->data());
    held.recordings.run(inputs.extents(), held.stream.get(), arena,
                        [&] { queue(inputs.extents(), layout, arena); });
    check(kernels::cuda::synchronize(held.stream.get()), "computing");
  }

  // What becomes of the staged inputs, up to the logits in pinned memory.
  void queue(const Extents& extents, const Layout& layout, runtime::Arena& arena) const {
    Held& held = *held_;
    const auto stream = held.stream.get();
    char* const inputs = static_cast<char*>(arena.take(layout.bytes));
    check(kernels::cuda::copy_to_device(inputs, held.staging->data(), layout.bytes, stream),
          "sending a batch");
    Call call{stream,
              held.linear,
              arena,
              *held.attention,
              held.types,
              device_.index,
              reinterpret_cast<const std::int32_t*>(inputs + layout.positions),
              reinterpret_cast<const kernels::cuda::AttentionWork*>(inputs + layout.work),
              extents.num_work};
    const CallScope scope(call);
    const at::Tensor logits = held.graph->run(
        view(inputs, {extents.num_tokens}, at::kInt, device_.index),
        view(inputs + layout.offsets, {extents.num_sequences + 1}, at::kInt, device_.index));
    check(kernels::cuda::copy_to_host(
              held.logits->data(), logits.const_data_ptr<float>(),
              static_cast<std::size_t>(extents.num_sequences) * sizeof(float), stream),
          "fetching logits");
  }

  WarningScope::Taker warn_;
  Device device_;
  std::unique_ptr<Held> held_;
  Description description_;
};

std::unique_ptr<Encoder> make(const Blueprint& blueprint, const Device& device) {
  try {
    check(kernels::cuda::use_device(device.index), "choosing the device");
    return std::make_unique<CudaEncoder>(blueprint, device,
                                         choose_types(blueprint.precision, device));
  } catch (const Failure& failure) {
    throw device.error(failure);
  }
}

std::unique_ptr<Encoder> make_cuda_encoder(const Blueprint& blueprint) {
  const WarningScope warnings(blueprint.warn);
  try {
    return make(blueprint, Device::open(blueprint.device_index));
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::out_of_memory, "no memory to load the model");
  } catch (const std::exception& failure) {
    throw Error(ErrorCode::internal, failure.what());
  }
}

}  // namespace
}  // namespace reranker::engine

extern "C" __attribute__((visibility("default"))) const reranker::engine::Module reranker_engine{
    reranker::engine::kAbi, &reranker::engine::make_cuda_encoder};
