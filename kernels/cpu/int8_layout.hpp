#pragma once

#include "kernels/cpu/linear_layout.hpp"
#include "kernels/embedding_int8.hpp"
#include "kernels/linear_int8.hpp"

// Where the parts of packed int8 weights and tables lie. Declarations only: see types.hpp.

namespace reranker::kernels {

/// Bytes of one panel, a multiple of kAlignment: 16 rows of int8_stride(k) codes.
std::int64_t int8_panel_bytes(const LinearInt8Weights& weights);

/// Bytes before the scales, and before the offsets: (16 * num_panels) floats and as many int32.
std::int64_t int8_scales_at(const LinearInt8Weights& weights);
std::int64_t int8_offsets_at(const LinearInt8Weights& weights);

/// A row of an embedding table.
struct EmbeddingRow {
  std::int8_t* codes;  // (dim)
  float* scales;       // one a group
};
EmbeddingRow embedding_row(const EmbeddingInt8Table& table, void* packed, std::int64_t row);

}  // namespace reranker::kernels
