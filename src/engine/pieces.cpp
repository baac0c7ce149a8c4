#include "engine/pieces.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>
#include <fmt/format.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace reranker::engine {
namespace {

using model::DType;
using model::Tensor;
using model::Weight;

constexpr std::size_t kReadBytes = 4 << 20;  // of one read: large for pread, small for memory
constexpr std::int64_t kPanelRows = 16;      // packing is fastest from a multiple of it

}  // namespace

std::vector<Piece> cut(const model::Network& network) {
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i < network.weights.size(); ++i) {
    const Weight& weight = network.weights[i];
    std::int64_t rows_above = 0;
    for (const Tensor& tensor : weight.parts) {
      const std::size_t row_bytes =
          static_cast<std::size_t>(weight.cols) * size_in_bytes(tensor.dtype);
      const std::int64_t fitting = static_cast<std::int64_t>(kReadBytes / row_bytes);
      const std::int64_t step = std::max(fitting / kPanelRows * kPanelRows, kPanelRows);
      for (std::int64_t row = 0; row < tensor.shape[0]; row += step)
        pieces.push_back({i, &tensor, row, std::min(step, tensor.shape[0] - row), rows_above});
      rows_above += tensor.shape[0];
    }
  }
  return pieces;
}

void read(const model::Checkpoint& checkpoint, Piece& piece, void* data) {
  checkpoint.read(*piece.tensor, piece.begin(), piece.bytes(), data);
  piece.hash = XXH3_64bits(data, piece.bytes());
}

std::uint64_t hash(const std::vector<Piece>& pieces) {
  std::string text;
  for (const Piece& piece : pieces)
    text += fmt::format("{} {} {} {:x}\n", piece.tensor->name, model::name(piece.tensor->dtype),
                        piece.first_row, piece.hash);
  return XXH3_64bits(text.data(), text.size());
}

float widen(DType dtype, const char* at) {
  if (dtype == DType::f32) {
    float value;
    std::memcpy(&value, at, sizeof value);
    return value;
  }
  std::uint16_t word;
  std::memcpy(&word, at, sizeof word);
  return dtype == DType::bf16 ? static_cast<float>(c10::BFloat16(word, c10::BFloat16::from_bits()))
                              : static_cast<float>(c10::Half(word, c10::Half::from_bits()));
}

std::vector<float> widen_all(DType dtype, const char* data, std::size_t count) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = widen(dtype, data + i * size_in_bytes(dtype));
  return values;
}

DType common_type(const Weight& weight) {
  const DType first = weight.parts[0].dtype;
  const bool same = std::all_of(weight.parts.begin(), weight.parts.end(),
                                [&](const Tensor& part) { return part.dtype == first; });
  return same ? first : DType::f32;
}

}  // namespace reranker::engine
