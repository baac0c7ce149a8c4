#include "engine/weights.hpp"

#include <algorithm>
#include <cstring>
#include <memory>

#include <fmt/format.h>

#include <reranker/error.hpp>

#include "engine/held_tensor.hpp"
#include "engine/packed_linear.hpp"
#include "engine/pieces.hpp"
#include "kernels/cpu/int8_layout.hpp"
#include "runtime/memory.hpp"
#include "runtime/pages.hpp"

namespace reranker::engine {
namespace {

using kernels::WeightType;
using model::DType;
using model::Tensor;
using model::Weight;

WeightType weight_type(DType dtype) {
  if (dtype == DType::bf16) return WeightType::bf16;
  return dtype == DType::f16 ? WeightType::fp16 : WeightType::fp32;
}

at::ScalarType scalar_type(DType dtype) {
  if (dtype == DType::bf16) return at::kBFloat16;
  return dtype == DType::f16 ? at::kHalf : at::kFloat;
}

DType type_of(const Weight& weight) {
  const bool fp32 = weight.kind == Weight::Kind::vector || weight.kind == Weight::Kind::matrix;
  return fp32 ? DType::f32 : common_type(weight);
}

// How a weight is kept.
enum class Form { packed, codes, plain };

// A table of codes that tokens' ids are looked up in stays so: its rows become numbers when they
// are gathered, exactly those of the folder.
bool keeps_codes(const Weight& weight) {
  const Tensor& table = weight.parts[0];
  const bool of_ids = weight.kind == Weight::Kind::embedding || weight.attribute == "words";
  return of_ids && table.dtype == DType::i8 &&
         weight.cols / table.scales->shape[1] % kernels::kEmbeddingGroup == 0;
}

Form form_of(const Weight& weight, const Arithmetic& arithmetic) {
  if (weight.is_projection()) return Form::packed;
  if (keeps_codes(weight)) return Form::codes;
  const bool codes = weight.kind == Weight::Kind::embedding && arithmetic.codes_embeddings();
  return codes ? Form::codes : Form::plain;
}

// Where a weight goes.
struct Slot {
  const Weight* weight;
  Form form;
  DType type;  // that it is made from or kept in; what is read in another one is widened to fp32
  std::size_t offset = 0;
  std::size_t bytes = 0;

  kernels::LinearWeights linear() const {
    const bool gated = weight->kind == Weight::Kind::gated_linear;
    return {weight->rows, weight->cols, weight_type(type),
            gated ? kernels::RowOrder::gate_up : kernels::RowOrder::plain};
  }
  kernels::EmbeddingInt8Table table() const { return {weight->rows, weight->cols}; }
};

std::size_t bytes_of(const Slot& slot, const Arithmetic& arithmetic) {
  switch (slot.form) {
    case Form::packed: return sizeof(PackedLinear) + arithmetic.packed_bytes(slot.linear());
    case Form::codes: return kernels::packed_embedding_int8_bytes(slot.table());
    case Form::plain: break;
  }
  return static_cast<std::size_t>(slot.weight->rows * slot.weight->cols) * size_in_bytes(slot.type);
}

std::vector<Slot> lay_out(const model::Network& network, const Arithmetic& arithmetic) {
  std::vector<Slot> slots;
  std::size_t offset = 0;
  for (const Weight& weight : network.weights) {
    Slot slot{&weight, form_of(weight, arithmetic), type_of(weight), offset, 0};
    slot.bytes = bytes_of(slot, arithmetic);
    offset += (slot.bytes + kernels::kAlignment - 1) / kernels::kAlignment * kernels::kAlignment;
    slots.push_back(slot);
  }
  return slots;
}

// One storage for all: that of the widest.
std::string storage(const std::vector<kernels::LinearWeights>& projections,
                    const Arithmetic& arithmetic) {
  const bool bf16 = std::all_of(projections.begin(), projections.end(), [](const auto& weights) {
    return weights.type == WeightType::bf16;
  });
  return arithmetic.storage(bf16 ? WeightType::bf16 : WeightType::fp32);
}

class Loader {
 public:
  Loader(const Blueprint& blueprint, const Arithmetic& arithmetic)
      : blueprint_(blueprint),
        arithmetic_(arithmetic),
        slots_(lay_out(blueprint.network, arithmetic)),
        pieces_(cut(blueprint.network)) {
    const std::size_t bytes = slots_.back().offset + slots_.back().bytes;
    require_memory(bytes);
    pages_ = std::make_shared<runtime::Pages>(bytes);
    if (pages_->data() == nullptr) throw too_little(bytes, "the system has no more");
  }

  Weights load() {
    std::vector<Hands> hands(blueprint_.crew.size(), Hands(blueprint_.checkpoint));
    for (const Slot& slot : slots_)
      if (slot.form == Form::packed) new (at(slot)) PackedLinear{slot.linear()};
    blueprint_.crew.parallel_for(pieces_.size(), [&](std::size_t task, std::size_t thread) {
      load_piece(pieces_[task], hands[thread]);
    });
    Weights weights = publish();
    weights.hash = hash(pieces_);
    return weights;
  }

 private:
  // What a thread reads with, and into.
  struct Hands {
    explicit Hands(const model::Checkpoint& checkpoint) : reader(checkpoint) {}
    PieceReader reader;
    std::vector<char> rows;
  };

  // The system gives pages as they are touched: it would end the process then.
  void require_memory(std::size_t bytes) const {
    const std::size_t available = runtime::available_memory();
    if (bytes > available) throw too_little(bytes, fmt::format("{} are available", available));
  }

  Error too_little(std::size_t bytes, const std::string& reason) const {
    return {ErrorCode::out_of_memory,
            fmt::format("{}: {} bytes wanted for the weights, {}",
                        blueprint_.checkpoint.first_file().string(), bytes, reason)};
  }

  char* at(const Slot& slot) const { return pages_->data() + slot.offset; }

  // As codes that stay, or to where it lies as it is read; else by way of `hands.rows`.
  void load_piece(Piece& piece, Hands& hands) const {
    const Slot& slot = slots_[piece.weight];
    if (keeps_codes(*slot.weight)) return keep_codes(piece, hands.reader);
    if (slot.form == Form::plain && type_read(*piece.tensor) == slot.type)
      return hands.reader.read(piece, at(slot) + piece.begin_in_weight());
    hands.rows.resize(std::max(hands.rows.size(), piece.bytes()));
    hands.reader.read(piece, hands.rows.data());
    put(piece, hands.rows.data());
  }

  // A block's scale becomes that of all its groups.
  void keep_codes(Piece& piece, PieceReader& reader) const {
    const Slot& slot = slots_[piece.weight];
    auto [codes, scales] = kernels::embedding_row(slot.table(), at(slot), piece.row_in_weight());
    const std::int64_t block = slot.weight->cols / piece.tensor->scales->shape[1];
    for (const float scale : reader.read_codes(piece, codes))
      scales = std::fill_n(scales, block / kernels::kEmbeddingGroup, scale);
  }

  // Rows of another type than the weight's are floats first.
  void put(const Piece& piece, const char* data) const {
    const Slot& slot = slots_[piece.weight];
    const auto count = static_cast<std::size_t>(piece.num_rows * slot.weight->cols);
    const DType type = type_read(*piece.tensor);
    std::vector<float> widened;
    if (type != slot.type) widened = widen_all(type, data, count);
    const void* rows = type != slot.type ? static_cast<const void*>(widened.data()) : data;
    switch (slot.form) {
      case Form::packed: return pack(piece, rows);
      case Form::codes: return encode(piece, rows);
      case Form::plain: break;
    }
    auto* out = reinterpret_cast<float*>(at(slot)) + piece.row_in_weight() * slot.weight->cols;
    std::memcpy(out, rows, count * sizeof(float));
  }

  void pack(const Piece& piece, const void* rows) const {
    const Slot& slot = slots_[piece.weight];
    void* panels = reinterpret_cast<PackedLinear*>(at(slot))->panels();
    arithmetic_.pack(slot.linear(), panels, {rows, piece.row_in_weight(), piece.num_rows});
  }

  void encode(const Piece& piece, const void* rows) const {
    const Slot& slot = slots_[piece.weight];
    arithmetic_.encode({slot.table(), at(slot), rows, weight_type(slot.type), piece.row_in_weight(),
                        piece.num_rows});
  }

  at::Tensor tensor(const Slot& slot) const {
    const Weight& weight = *slot.weight;
    if (slot.form == Form::packed)
      return view(slot, {static_cast<std::int64_t>(slot.bytes)}, at::kByte);
    if (weight.kind == Weight::Kind::vector) return view(slot, {weight.rows}, at::kFloat);
    const auto type = slot.form == Form::codes ? at::kChar : scalar_type(slot.type);
    return view(slot, {weight.rows, weight.cols}, type);
  }

  at::Tensor view(const Slot& slot, at::IntArrayRef shape, at::ScalarType type) const {
    return held_tensor(std::make_unique<std::shared_ptr<runtime::Pages>>(pages_), at(slot), shape,
                       type);
  }

  Weights publish() const {
    Weights weights;
    weights.bytes = pages_->size();
    for (const Slot& slot : slots_) {
      const Weight& weight = *slot.weight;
      weights.add(weight.attribute, weight.layer >= 0, tensor(slot));
      if (slot.form != Form::packed) continue;
      weights.projections.push_back(slot.linear());
    }
    weights.storage = storage(weights.projections, arithmetic_);
    return weights;
  }

  const Blueprint& blueprint_;
  const Arithmetic& arithmetic_;
  std::vector<Slot> slots_;
  std::vector<Piece> pieces_;
  std::shared_ptr<runtime::Pages> pages_;
};

}  // namespace

Weights load_weights(const Blueprint& blueprint, const Arithmetic& arithmetic) {
  return Loader(blueprint, arithmetic).load();
}

}  // namespace reranker::engine
