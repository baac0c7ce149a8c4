#include "engine/cuda/weights.hpp"

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "engine/cuda/convert.hpp"
#include "engine/pieces.hpp"

namespace reranker::engine::cuda {
namespace {

using kernels::cuda::LinearShape;
using model::DType;
using model::Weight;

// Threads that read and send: enough for a disk, and few buffers.
constexpr std::size_t kMostSenders = 4;

Type stored(DType dtype) {
  return dtype == DType::bf16 ? Type::bf16 : dtype == DType::f16 ? Type::fp16 : Type::fp32;
}

// Tables are gathered from together, and so are of one type.
Type table_type(const model::Network& network) {
  std::optional<Type> common;
  for (const Weight& weight : network.weights) {
    if (weight.kind != Weight::Kind::table) continue;
    const Type type = stored(common_type(weight));
    if (common.value_or(type) != type) return Type::fp32;
    common = type;
  }
  return common.value_or(Type::fp32);
}

// What attention gives is not divided into rows with scales, so what reads it is not e4m3 either.
Type type_of(const Weight& weight, const model::Network& network, const Types& types) {
  switch (weight.kind) {
    case Weight::Kind::linear:
    case Weight::Kind::gated_linear:
      return weight.reads == Weight::Reads::attention ? types.type : types.rows;
    case Weight::Kind::embedding: return stored(common_type(weight));
    case Weight::Kind::table: return table_type(network);
    case Weight::Kind::matrix:
    case Weight::Kind::vector: break;
  }
  return Type::fp32;
}

// Where a weight goes.
struct Slot {
  const Weight* weight;
  Type type;
  std::size_t offset;
  std::size_t bytes;

  std::size_t row_bytes() const {
    return static_cast<std::size_t>(weight->cols * kernels::cuda::size_in_bytes(type));
  }
  // Of the scales, from the weight's begin.
  std::size_t scales() const {
    return rounded(static_cast<std::size_t>(weight->rows) * row_bytes());
  }
};

std::vector<Slot> lay_out(const model::Network& network, const Types& types) {
  std::vector<Slot> slots;
  std::size_t offset = 0;
  for (const Weight& weight : network.weights) {
    const Type type = type_of(weight, network, types);
    slots.push_back({&weight, type, offset, bytes_of_rows(weight.rows, weight.cols, type)});
    offset += slots.back().bytes;
  }
  return slots;
}

// One thread's way to the device: while one buffer is sent the other is filled.
class Sender {
 public:
  Sender(const Blueprint& blueprint, const std::vector<Slot>& slots, char* memory,
         std::size_t bytes)
      : slots_(slots),
        memory_(memory),
        lanes_{Lane(bytes), Lane(bytes)},
        reader_(blueprint.checkpoint) {}

  void send(Piece& piece) {
    Lane& lane = lanes_[next_++ % 2];
    check(kernels::cuda::synchronize(lane.stream.get()), "sending weights");
    const Slot& slot = slots_[piece.weight];
    auto* const scales = reinterpret_cast<float*>(lane.buffer.data());
    char* const rows = lane.buffer.data() + rounded(scale_bytes(piece));
    fill(piece, slot, rows, scales);

    const auto row = static_cast<std::size_t>(piece.row_in_weight());
    char* const to = memory_ + slot.offset;
    copy(lane, to + row * slot.row_bytes(), rows,
         static_cast<std::size_t>(piece.num_rows) * slot.row_bytes());
    if (slot.type == Type::e4m3)
      copy(lane, to + slot.scales() + row * sizeof(float), scales, scale_bytes(piece));
  }

  void finish() {
    for (Lane& lane : lanes_)
      check(kernels::cuda::synchronize(lane.stream.get()), "sending weights");
  }

  static std::size_t scale_bytes(const Piece& piece) {
    return static_cast<std::size_t>(piece.num_rows) * sizeof(float);
  }

 private:
  struct Lane {
    explicit Lane(std::size_t bytes) : buffer(bytes) {}
    PinnedMemory buffer;
    OwnStream stream;
  };

  void fill(Piece& piece, const Slot& slot, char* rows, float* scales) {
    const DType type = type_read(*piece.tensor);
    if (same_type(type, slot.type)) return reader_.read(piece, rows);
    as_read_.resize(std::max(as_read_.size(), piece.bytes()));
    reader_.read(piece, as_read_.data());
    convert(type, as_read_.data(), piece.num_rows, slot.weight->cols, slot.type, rows, scales);
  }

  static void copy(const Lane& lane, void* to, const void* from, std::size_t bytes) {
    check(kernels::cuda::copy_to_device(to, from, bytes, lane.stream.get()), "sending weights");
  }

  const std::vector<Slot>& slots_;
  char* memory_;
  Lane lanes_[2];
  PieceReader reader_;
  std::size_t next_ = 0;
  std::vector<char> as_read_;
};

// Of any piece, with its scales in front.
std::size_t buffer_bytes(const std::vector<Slot>& slots, const std::vector<Piece>& pieces) {
  std::size_t bytes = 0;
  for (const Piece& piece : pieces) {
    const std::size_t rows =
        static_cast<std::size_t>(piece.num_rows) * slots[piece.weight].row_bytes();
    bytes = std::max(bytes, rounded(Sender::scale_bytes(piece)) + rows);
  }
  return bytes;
}

// Pieces are handed out one by one; none any more once a sender has failed.
void send_handed_out(Sender& sender, std::vector<Piece>& pieces, std::atomic<std::size_t>& next) {
  try {
    for (std::size_t i = next++; i < pieces.size(); i = next++) sender.send(pieces[i]);
    sender.finish();
  } catch (...) {
    next = pieces.size();
    throw;
  }
}

void send_all(const Blueprint& blueprint, int device, const std::vector<Slot>& slots,
              std::vector<Piece>& pieces, char* memory) {
  const std::size_t bytes = buffer_bytes(slots, pieces);
  std::atomic<std::size_t> next{0};
  blueprint.crew.parallel_for(std::min(blueprint.crew.size(), kMostSenders),
                              [&](std::size_t, std::size_t) {
                                check(kernels::cuda::use_device(device), "choosing the device");
                                Sender sender(blueprint, slots, memory, bytes);
                                send_handed_out(sender, pieces, next);
                              });
}

// Products that are added to the residual are fp32, the others of the activations' type.
void add_projection(Weights& weights, const Slot& slot, const Types& types) {
  const Weight& weight = *slot.weight;
  weights.shapes.push_back({static_cast<std::int32_t>(weight.rows),
                            static_cast<std::int32_t>(weight.cols), slot.type,
                            weight.is_added_to_residual() ? Type::fp32 : types.type});
}

at::Tensor tensor(const Slot& slot, char* memory, int device) {
  const Weight& weight = *slot.weight;
  char* const data = memory + slot.offset;
  if (weight.kind == Weight::Kind::vector) return view(data, {weight.rows}, at::kFloat, device);
  return view(data, {weight.rows, weight.cols}, scalar_type(slot.type), device);
}

DeviceMemory memory_for(const std::vector<Slot>& slots, const Device& device) {
  const std::size_t wanted = slots.back().offset + slots.back().bytes;
  std::size_t there = 0;
  check(kernels::cuda::free_memory(&there), "asking for free memory");
  if (there < wanted)
    throw Error(ErrorCode::out_of_memory,
                fmt::format("{}: the weights need {} bytes of its memory, {} are free",
                            device.name(), wanted, there));
  return DeviceMemory(wanted);
}

}  // namespace

Weights load_weights(const Blueprint& blueprint, const Device& device, const Types& types) {
  const auto slots = lay_out(blueprint.network, types);
  auto pieces = cut(blueprint.network);
  Weights weights;
  weights.memory = memory_for(slots, device);
  send_all(blueprint, device.index, slots, pieces, weights.memory.data());
  weights.hash = hash(pieces);
  for (const Slot& slot : slots) {
    weights.add(slot.weight->attribute, slot.weight->layer >= 0,
                tensor(slot, weights.memory.data(), device.index));
    if (slot.weight->is_projection()) add_projection(weights, slot, types);
  }
  return weights;
}

}  // namespace reranker::engine::cuda
