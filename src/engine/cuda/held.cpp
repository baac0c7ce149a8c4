#include "engine/cuda/held.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "kernels/rope.hpp"

namespace reranker::engine::cuda {
namespace {

// Left to the driver, which takes more when kernels first run, and to others on the device.
constexpr std::size_t kReserveBytes = std::size_t{256} << 20;

std::string under(std::size_t limit) {
  return limit == 0 ? std::string() : fmt::format(", and memory_limit is {}", limit);
}

std::string but_for(std::size_t refused) {
  return refused == 0 ? std::string() : fmt::format("; the driver refused {} at once", refused);
}

}  // namespace

Held::Held(const Blueprint& blueprint, const Device& device, const Types& of)
    : widths(blueprint.network), types(of) {
  choose_attention(blueprint.network, device);
  check(linear.open(), "opening cuBLASLt");
  weights = load_weights(blueprint, device, types);
  for (const auto& shape : weights.shapes) choose_product(shape);
  make_rope_table(blueprint);
  graph.emplace(
      blueprint.network, weights,
      view(rope_table.data(), {static_cast<std::int64_t>(rope_table.size() / sizeof(float))},
           at::kFloat, device.index));
  take_working_memory(blueprint.memory_limit, device);
  const std::size_t most = std::max(kEnoughTokens, blueprint.max_tokens);
  staging.emplace(input_bytes(query_tokens, most, most));
  logits.emplace(logit_bytes(most));
}

void Held::choose_product(const kernels::cuda::LinearShape& shape) {
  const auto status = linear.prepare(shape);
  if (status != kernels::cuda::kSuccess)
    throw Failure{status, fmt::format("choosing the product of {} by {} weights in {}", shape.n,
                                      shape.k, kernels::cuda::name(shape.type))};
}

// By shape and type alone.
void Held::choose_attention(const model::Network& network, const Device& device) {
  kernels::cuda::AttentionArgs args{};
  args.num_heads = static_cast<std::int32_t>(network.num_heads);
  args.num_kv_heads = static_cast<std::int32_t>(network.num_kv_heads);
  args.head_dim = static_cast<std::int32_t>(network.head_dim);
  args.type = types.type;
  attention = &kernels::cuda::find_attention_kernel(args, device.info.capability);
  query_tokens = attention->query_tokens(args);
}

void Held::make_rope_table(const Blueprint& blueprint) {
  if (blueprint.network.inverse_frequencies.empty()) return;
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

// All that a pass may ever take is taken at once, so that none can fail for want of it later and
// recorded passes find it where it was. Where there is less, passes are smaller; and smaller again
// where others take what was free when it was asked for.
void Held::take_working_memory(std::size_t limit, const Device& device) {
  const std::size_t least = plan(1, 1);
  std::size_t most = plan(kEnoughTokens, kEnoughTokens);
  if (limit != 0) most = std::min(most, limit);
  std::size_t refused = 0;
  for (;;) {
    std::size_t free = 0;
    check(kernels::cuda::free_memory(&free), "asking for free memory");
    const std::size_t bytes =
        std::min(most, free > kReserveBytes ? free - kReserveBytes : 0) / kAlignment * kAlignment;
    if (bytes < least)
      throw Error(
          ErrorCode::out_of_memory,
          fmt::format("{}: a pass needs at least {} bytes of its memory; {} are free, of "
                      "which {} stay so{}{}",
                      device.name(), least, free, kReserveBytes, under(limit), but_for(refused)));
    try {
      working_memory = DeviceMemory(bytes);
      return;
    } catch (const Failure& failure) {
      if (!failure.wants_memory()) throw;
      refused = bytes;
      most = bytes / 2;
    }
  }
}

}  // namespace reranker::engine::cuda
