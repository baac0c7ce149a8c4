#include "engine/pieces.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>
#include <fmt/format.h>

#include <reranker/error.hpp>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace reranker::engine {
namespace {

using model::DType;
using model::Tensor;
using model::Weight;

constexpr std::size_t kReadBytes = 4 << 20;  // of one read: large for pread, small for memory
constexpr std::int64_t kPanelRows = 16;      // packing is fastest from a multiple of it

// Rows [first, first + count) of a tensor's, as they are stored.
void read_rows(const model::Checkpoint& checkpoint, const Tensor& tensor, std::int64_t first,
               std::int64_t count, void* data) {
  const auto row_bytes = tensor.bytes / static_cast<std::uint64_t>(tensor.shape[0]);
  checkpoint.read(tensor, row_bytes * static_cast<std::uint64_t>(first),
                  row_bytes * static_cast<std::uint64_t>(count), data);
}

// out[b][i] = codes[b][i] * scales[b], b < num_blocks, i < block.
void decode(float* out, const std::int8_t* codes, const float* scales, std::size_t num_blocks,
            std::size_t block) {
  for (std::size_t b = 0; b < num_blocks; ++b, out += block, codes += block)
    for (std::size_t i = 0; i < block; ++i) out[i] = static_cast<float>(codes[i]) * scales[b];
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

}  // namespace

DType type_read(const Tensor& tensor) {
  return tensor.dtype == DType::i8 ? DType::f32 : tensor.dtype;
}

std::vector<Piece> cut(const model::Network& network) {
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i < network.weights.size(); ++i) {
    const Weight& weight = network.weights[i];
    std::int64_t rows_above = 0;
    for (const Tensor& tensor : weight.parts) {
      const std::size_t row_bytes =
          static_cast<std::size_t>(weight.cols) * size_in_bytes(type_read(tensor));
      const std::int64_t fitting = static_cast<std::int64_t>(kReadBytes / row_bytes);
      const std::int64_t step = std::max(fitting / kPanelRows * kPanelRows, kPanelRows);
      for (std::int64_t row = 0; row < tensor.shape[0]; row += step)
        pieces.push_back({i, &tensor, row, std::min(step, tensor.shape[0] - row), rows_above});
      rows_above += tensor.shape[0];
    }
  }
  return pieces;
}

void PieceReader::read(Piece& piece, void* rows) {
  if (piece.tensor->dtype == DType::i8) {
    const std::size_t count = piece.bytes() / sizeof(float);
    codes_.resize(std::max(codes_.size(), count));
    const auto& scales = read_codes(piece, codes_.data());
    decode(static_cast<float*>(rows), codes_.data(), scales.data(), scales.size(),
           count / scales.size());
    return;
  }
  read_rows(checkpoint_, *piece.tensor, piece.first_row, piece.num_rows, rows);
  piece.hash = XXH3_64bits(rows, piece.bytes());
}

const std::vector<float>& PieceReader::read_codes(Piece& piece, std::int8_t* codes) {
  read_scales(piece);
  read_rows(checkpoint_, *piece.tensor, piece.first_row, piece.num_rows, codes);
  piece.hash = XXH3_64bits_withSeed(codes, piece.bytes() / sizeof(float),
                                    XXH3_64bits(stored_scales_.data(), stored_scales_.size()));
  return scales_;
}

void PieceReader::read_scales(const Piece& piece) {
  const Tensor& scales = *piece.tensor->scales;
  const auto count = static_cast<std::size_t>(piece.num_rows * scales.shape[1]);
  stored_scales_.resize(count * size_in_bytes(scales.dtype));
  read_rows(checkpoint_, scales, piece.first_row, piece.num_rows, stored_scales_.data());
  scales_ = widen_all(scales.dtype, stored_scales_.data(), count);
  for (std::size_t i = 0; i < count; ++i)
    if (!std::isfinite(scales_[i]) || scales_[i] < 0.0f)
      throw Error(ErrorCode::model_invalid,
                  fmt::format("{}: {}: {} at row {}, a finite number of 0 or more wanted",
                              checkpoint_.file_of(scales).string(), scales.name, scales_[i],
                              piece.first_row + static_cast<std::int64_t>(i) / scales.shape[1]));
}

std::uint64_t hash(const std::vector<Piece>& pieces) {
  std::string text;
  for (const Piece& piece : pieces)
    text += fmt::format("{} {} {} {:x}\n", piece.tensor->name, model::name(piece.tensor->dtype),
                        piece.first_row, piece.hash);
  return XXH3_64bits(text.data(), text.size());
}

std::vector<float> widen_all(DType dtype, const char* data, std::size_t count) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = widen(dtype, data + i * size_in_bytes(dtype));
  return values;
}

DType common_type(const Weight& weight) {
  const DType first = type_read(weight.parts[0]);
  const bool same = std::all_of(weight.parts.begin(), weight.parts.end(),
                                [&](const Tensor& part) { return type_read(part) == first; });
  return same ? first : DType::f32;
}

}  // namespace reranker::engine
