#include <algorithm>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <torch/version.h>

#include <reranker/error.hpp>

#include "engine/cuda/call.hpp"
#include "engine/cuda/held.hpp"
#include "engine/cuda/inputs.hpp"
#include "engine/cuda/types.hpp"
#include "engine/engine.hpp"
#include "engine/graph.hpp"
#include "engine/make_encoder.hpp"
#include "engine/warnings.hpp"

namespace reranker::engine {
namespace {

using namespace cuda;

// Raised when the bits that kernels give change.
constexpr int kKernelRevision = 2;

// A block of an arena, given back at the end. What the device was asked to do with it comes before
// what it is asked with the block's next owner.
class Taken {
 public:
  Taken(runtime::Arena& arena, std::size_t bytes)
      : arena_(arena), memory_(static_cast<char*>(arena.take(bytes))) {}
  ~Taken() { arena_.give_back(memory_); }
  Taken(const Taken&) = delete;
  Taken& operator=(const Taken&) = delete;

  char* memory() const { return memory_; }

 private:
  runtime::Arena& arena_;
  char* const memory_;
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
    // Not the algorithms of products: whichever was chosen, its bits are those of the others. The
    // multiprocessors, of which a process may be given a share: cuBLASLt looks at them.
    description_.hardware =
        fmt::format("{} of {} {} attention {} {}", device_.info.multiprocessors, device_.info.name,
                    device_.isa(), held_->attention->name, kernels::cuda::Linear::library());
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
    try {
      held.recordings.run(inputs.extents(), held.stream.get(), arena,
                          [&] { queue(inputs.extents(), layout, arena); });
    } catch (...) {
      // What was queued before the failure still reads the inputs, which the next pass writes over.
      (void)kernels::cuda::synchronize(held.stream.get());
      throw;
    }
    check(kernels::cuda::synchronize(held.stream.get()), "computing");
  }

  // What becomes of the staged inputs, up to the logits in pinned memory.
  void queue(const Extents& extents, const Layout& layout, runtime::Arena& arena) const {
    Held& held = *held_;
    const auto stream = held.stream.get();
    const Taken taken(arena, layout.bytes);
    char* const inputs = taken.memory();
    check(kernels::cuda::copy_to_device(inputs, held.staging->data(), layout.bytes, stream),
          "sending a batch");
    Call call{stream,
              held.linear,
              arena,
              *held.attention,
              held.types,
              device_.index,
              reinterpret_cast<const std::int32_t*>(inputs + layout.positions),
              reinterpret_cast<const std::int32_t*>(inputs + layout.token_types),
              reinterpret_cast<const std::int32_t*>(inputs + layout.type_1_begins),
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

// What is refused is refused before the device is used, which takes some of its memory for good.
std::unique_ptr<Encoder> make(const Blueprint& blueprint, const Device& device) {
  const Types types = choose_types(blueprint.precision, device);
  require_supported(blueprint.network, types);
  try {
    check(kernels::cuda::use_device(device.index), "choosing the device");
    return std::make_unique<CudaEncoder>(blueprint, device, types);
  } catch (const Failure& failure) {
    throw device.error(failure);
  }
}

std::unique_ptr<Encoder> make_cuda_encoder(const Blueprint& blueprint) {
  return make_encoder(blueprint,
                      [&] { return make(blueprint, Device::open(blueprint.device_index)); });
}

}  // namespace
}  // namespace reranker::engine

extern "C" __attribute__((visibility("default"))) const reranker::engine::Module reranker_engine{
    reranker::engine::kAbi, &reranker::engine::make_cuda_encoder};
