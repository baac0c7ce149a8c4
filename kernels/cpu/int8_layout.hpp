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

/// Scales of a row of an embedding table, and bytes before those of the first.
std::int64_t num_embedding_groups(const EmbeddingInt8Table& table);
std::int64_t int8_scales_at(const EmbeddingInt8Table& table);

}  // namespace reranker::kernels
