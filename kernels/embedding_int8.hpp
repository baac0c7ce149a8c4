#pragma once

#include "kernels/types.hpp"

// embedding_int8: embedding.hpp with a table of 8-bit codes, for a quarter to a half of its memory.
//
// Columns go in groups of kEmbeddingGroup, the last may be shorter. For a group of a row W[id]:
//
//   m           = the largest |W[id][i]| of the group, and kMinMagnitude (quantize.hpp)
//   scale       = m / 127
//   code[id][i] = W[id][i] * (127 / m) to the nearest integer, ties to even
//   out[t][i]   = float(code[ids[t]][i]) * scale[ids[t]][i / kEmbeddingGroup]
//
// so that a value comes back to half a scale. Groups, and no rotation as projections have: a row is
// read once, so scales for its parts cost nothing but their memory.
//
// Bits. Division and products are each rounded once. A group with an infinity or a NaN comes back
// as NaN.

namespace reranker::kernels {

/// Scales take an eighth of the codes' memory.
constexpr std::int64_t kEmbeddingGroup = 32;

/// A table as it is packed: codes (vocab, dim) row-major, then scales (vocab, groups of a row).
struct EmbeddingInt8Table {
  std::int64_t vocab;
  std::int64_t dim;
};

/// Size of the packed form.
std::size_t packed_embedding_int8_bytes(const EmbeddingInt8Table& table);

/// Rows in any pieces, at the same time if disjoint, on the calling thread.
struct PackEmbeddingInt8Args {
  EmbeddingInt8Table table;
  void* packed;      // packed_embedding_int8_bytes(table), aligned to kAlignment
  const void* rows;  // (num_rows, dim) row-major, of `type`, widened exactly
  WeightType type;
  std::int64_t first_row;
  std::int64_t num_rows;
};

struct EmbeddingInt8Args {
  EmbeddingInt8Table table;
  const void* packed;       // aligned to kAlignment
  float* out;               // (num_tokens, dim)
  const std::int32_t* ids;  // (num_tokens), 0 <= id < vocab: the caller has checked
  std::int64_t num_tokens;
};

}  // namespace reranker::kernels
