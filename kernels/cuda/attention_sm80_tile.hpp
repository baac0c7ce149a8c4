#pragma once

#include "kernels/cuda/ptx.hpp"

// Where attention_sm80.cu has its rows: in device memory, in shared memory, and which of them are
// a thread's.

namespace reranker::kernels::cuda::sm80 {

/// Sizes of what a block works on, all known to the compiler. Of rows of a matrix in shared memory
/// the 16-byte chunks are permuted so that the 8 rows of an 8x8 matrix lie in different banks.
template <int kDim, int kNumRowTiles, int kNumWarps, int kNumKeys, int kNumBlocks,
          bool kInOrder = false>
struct Tile {
  static constexpr bool kOrdered = kInOrder;
  static constexpr int kHeadDim = kDim;
  static constexpr int kRowTiles = kNumRowTiles;  // of 16 rows, of a warp
  static constexpr int kWarpRows = 16 * kRowTiles;
  static constexpr int kRows = kWarpRows * kNumWarps;
  static constexpr int kThreads = 32 * kNumWarps;
  static constexpr int kKeys = kNumKeys;  // of a block of keys
  static constexpr int kSlices = kKeys / 16;
  static constexpr int kBlocks = kNumBlocks;  // on a multiprocessor, at least

  static constexpr int kRowBytes = 2 * kHeadDim;
  static constexpr int kRowChunksLog2 = kHeadDim == 128 ? 4 : kHeadDim == 64 ? 3 : 2;
  static constexpr int kRowChunks = 1 << kRowChunksLog2;
  static constexpr int kPassRows = kThreads / kRowChunks;  // that a block's threads copy at once
  static_assert(kRowChunks == kRowBytes / 16 && kPassRows % 8 == 0 && kKeys % kPassRows == 0);
  static constexpr int kSliceBytes = 16 * kRowBytes;
  static constexpr int kColumns = kHeadDim / 16;
  static constexpr int kQueryBytes = kRows * kRowBytes;
  static constexpr int kKeyBytes = kKeys * kRowBytes;
  static constexpr int kStageBytes = 2 * kKeyBytes;
  static constexpr int kSharedBytes = kQueryBytes + 2 * kStageBytes;

  RERANKER_DEVICE static int place(int row, int chunk) {
    const int turn = kRowChunks >= 8 ? row & 7 : (row >> 1) & 3;
    return row * kRowBytes + (chunk ^ turn) * 16;
  }
};

/// A lane and the rows of the tile that are its warp's.
template <class Tile>
struct Place {
  int lane;
  int first_row;
  SharedAddress tile;  // of those rows: queries first, outputs in the end

  RERANKER_DEVICE explicit Place(SharedAddress shared) {
    const int thread = thread_index();
    lane = thread & 31;
    first_row = (thread >> 5) * Tile::kWarpRows;
    tile = shared + static_cast<SharedAddress>(first_row * Tile::kRowBytes);
  }
};

struct Problem {
  unsigned char* out;
  const unsigned char* qkv;
  float* log_sum_exp;
  const Words4* work;
  std::int64_t row_bytes;    // of qkv
  std::int64_t pass_bytes;   // of as many rows as a block's threads copy at once
  std::int64_t block_bytes;  // of a block of keys
  std::int64_t key_bytes;    // from a row's start to its keys
  std::int64_t value_bytes;  // from a key to its value
  std::int32_t num_heads;
  std::int32_t group;
  std::uint32_t group_inverse;  // row / group = row * group_inverse >> 16, for rows below 256
  float scale;                  // log2(e) / sqrt(D)
};

/// The queries of a block, and where a row of its tile belongs.
struct Queries {
  std::int64_t first;  // row of qkv
  int num_tokens;
  int first_head;

  RERANKER_DEVICE Queries(const Problem& problem, const Words4& item)
      : first(static_cast<int>(item.w[0])),
        num_tokens(static_cast<int>(item.w[1])),
        first_head(block_y() * problem.group) {}
  RERANKER_DEVICE static int token(const Problem& problem, int row) {
    return static_cast<int>(static_cast<std::uint32_t>(row) * problem.group_inverse >> 16);
  }
  /// Of (num_tokens, H).
  RERANKER_DEVICE std::int64_t index(const Problem& problem, int row, int token) const {
    return (first + token) * problem.num_heads + first_head + row - token * problem.group;
  }
};

/// Where a lane finds its row of four 8x8 matrices that make 16 rows of 16 columns, for each 16
/// columns of a row. Lane bits 3 and 4 choose the matrix: of queries and values bit 3 is the lower
/// rows and bit 4 the right columns, of keys the other way round, as mma wants its operands.
template <class Tile>
struct LaneRow {
  static constexpr int kDistinct = Tile::kColumns < 4 ? Tile::kColumns : 4;
  SharedAddress at[kDistinct];

  RERANKER_DEVICE LaneRow(SharedAddress tile, int lane, int lower, int right) {
    const int row = (lane & 7) + (lane & lower ? 8 : 0);
#pragma unroll
    for (int c = 0; c < kDistinct; ++c) {
      at[c] = tile + static_cast<SharedAddress>(Tile::place(row, 2 * c + (lane & right ? 1 : 0)));
    }
  }
  RERANKER_DEVICE static LaneRow of_keys(SharedAddress tile, int lane) {
    return LaneRow(tile, lane, 16, 8);
  }
  RERANKER_DEVICE static LaneRow of_values(SharedAddress tile, int lane) {
    return LaneRow(tile, lane, 8, 16);
  }
  RERANKER_DEVICE SharedAddress operator()(int column) const {
    return at[column % 4] + static_cast<SharedAddress>(column / 4 * 128);
  }
  RERANKER_DEVICE void move(int bytes) {
#pragma unroll
    for (int c = 0; c < kDistinct; ++c) at[c] += static_cast<SharedAddress>(bytes);
  }
};

/// What one thread copies of every block of keys: the same 16 bytes of each kPassRows-th row.
template <class Tile>
struct KeyCopy {
  const unsigned char* from;
  SharedAddress to;
  int row;

  RERANKER_DEVICE KeyCopy(const unsigned char* keys, std::int64_t row_bytes, SharedAddress shared) {
    const int thread = thread_index();
    const int chunk = thread & (Tile::kRowChunks - 1);
    row = thread >> Tile::kRowChunksLog2;
    from = keys + row * row_bytes + chunk * 16;
    to = shared + static_cast<SharedAddress>(Tile::place(row, chunk));
  }
  /// Rows from num_valid on become zeros, unless all are valid.
  template <bool kAllValid>
  RERANKER_DEVICE void run(int to_bytes, const unsigned char* source, std::int64_t pass_bytes,
                           int num_valid) const {
#pragma unroll
    for (int i = 0; i < Tile::kKeys; i += Tile::kPassRows) {
      cp_async(to + static_cast<SharedAddress>(to_bytes + i * Tile::kRowBytes), source,
               kAllValid || row + i < num_valid);
      source += pass_bytes;
    }
  }
};

template <class Tile>
RERANKER_DEVICE void copy_queries(SharedAddress to, const Problem& problem,
                                  const Queries& queries) {
  const int thread = thread_index();
  const int chunk = thread & (Tile::kRowChunks - 1);
#pragma unroll
  for (int first = 0; first < Tile::kRows; first += Tile::kPassRows) {
    const int row = first + (thread >> Tile::kRowChunksLog2);
    const int token = Queries::token(problem, row);
    const int head = queries.first_head + row - token * problem.group;
    cp_async(to + static_cast<SharedAddress>(Tile::place(row, chunk)),
             problem.qkv + (queries.first + token) * problem.row_bytes + head * Tile::kRowBytes +
                 chunk * 16,
             token < queries.num_tokens);
  }
}

/// Writes a warp's rows from shared memory, those that are of a query.
template <class Tile>
RERANKER_DEVICE void store_rows(const Problem& problem, const Queries& queries,
                                const Place<Tile>& place) {
  constexpr int kPass = 32 / Tile::kRowChunks;
  const int chunk = place.lane & (Tile::kRowChunks - 1);
#pragma unroll
  for (int first = 0; first < Tile::kWarpRows; first += kPass) {
    const int row = first + (place.lane >> Tile::kRowChunksLog2);
    const int token = Queries::token(problem, place.first_row + row);
    if (token >= queries.num_tokens) break;
    auto* out =
        problem.out + queries.index(problem, place.first_row + row, token) * Tile::kRowBytes;
    store_global(
        reinterpret_cast<Words4*>(out) + chunk,
        load_shared<Words4>(place.tile + static_cast<SharedAddress>(Tile::place(row, chunk))));
  }
}

}  // namespace reranker::kernels::cuda::sm80
