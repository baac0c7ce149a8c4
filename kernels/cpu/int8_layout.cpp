#include "kernels/cpu/int8_layout.hpp"

#include "kernels/cpu/cuts.hpp"
#include "kernels/rotate.hpp"

namespace reranker::kernels {
namespace {

// A row of a tile (tile_shapes.hpp), and whole registers of codes on the way in.
constexpr std::int64_t kStrideMultiple = 64;

std::int64_t num_embedding_groups(const EmbeddingInt8Table& table) {
  return divide_up(table.dim, kEmbeddingGroup);
}

std::int64_t embedding_scales_at(const EmbeddingInt8Table& table) {
  return divide_up(table.vocab * table.dim, 4) * 4;
}

}  // namespace

std::int64_t int8_stride(std::int64_t dim) {
  return divide_up(dim, kStrideMultiple) * kStrideMultiple;
}

std::int64_t rotation_block(std::int64_t dim) {
  std::int64_t block = 1;
  while (block < 256 && dim % (4 * block) == 0) block *= 4;
  return block;
}

std::int64_t int8_panel_bytes(const LinearInt8Weights& weights) {
  return kPanel * int8_stride(weights.shape.k);
}

std::int64_t int8_scales_at(const LinearInt8Weights& weights) {
  return num_panels(weights.shape) * int8_panel_bytes(weights);
}

std::int64_t int8_offsets_at(const LinearInt8Weights& weights) {
  return int8_scales_at(weights) + num_panels(weights.shape) * kPanel * 4;
}

std::size_t packed_linear_int8_bytes(const LinearInt8Weights& weights) {
  return static_cast<std::size_t>(int8_offsets_at(weights) +
                                  num_panels(weights.shape) * kPanel * 4);
}

std::size_t packed_embedding_int8_bytes(const EmbeddingInt8Table& table) {
  return static_cast<std::size_t>(embedding_scales_at(table) +
                                  table.vocab * num_embedding_groups(table) * 4);
}

EmbeddingRow embedding_row(const EmbeddingInt8Table& table, void* packed, std::int64_t row) {
  auto* bytes = static_cast<char*>(packed);
  return {reinterpret_cast<std::int8_t*>(bytes) + row * table.dim,
          reinterpret_cast<float*>(bytes + embedding_scales_at(table)) +
              row * num_embedding_groups(table)};
}

}  // namespace reranker::kernels
