#pragma once

#include <cstddef>
#include <cstdint>

// Words that every op shares. This header and the contracts beside it hold plain structs and
// declarations only: they are included where a higher instruction set is compiled, and an inline
// function from there could be the copy that the linker keeps for everyone.

namespace reranker::kernels {

/// How a tensor of a checkpoint is stored. bf16 and fp16 are little-endian 16-bit words.
enum class WeightType : std::int32_t { bf16, fp16, fp32 };

/// Alignment in bytes that packed weights, packed keys and values, and scratch must have.
/// Everything else may be aligned as its type is.
constexpr std::size_t kAlignment = 64;

}  // namespace reranker::kernels
