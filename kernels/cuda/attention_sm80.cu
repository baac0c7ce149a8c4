#include <cmath>

#include "kernels/cuda/attention.hpp"
#include "kernels/cuda/attention_sm80_tile.hpp"
#include "kernels/cuda/launch.hpp"
#include "kernels/cuda/numbers.hpp"

// FlashAttention-2 (Dao, arXiv:2307.08691) by mma.sync, for sm_80 and later.
//
// A block takes the queries of one work item for all heads of one KV head: rows of its tile are
// (token, head of the group), so that keys and values are read once for the group. It walks over
// the keys from the last block, the only one that may be short, to the first. What a warp does for
// a block is cut into slices of 16 keys: powers of the slice's scores, then the products of these
// with its values, and those of the queries with the same slice of the next block's keys, whose
// scores take the registers just spent. So matrix products and powers of different slices have
// nothing to wait for in each other, and their pipes run side by side.
//
// In shared memory: the queries (later the outputs), then two stages of
//   [keys of block b - 1 | values of block b]
// which the copies of one stage fill while the other is read.

namespace reranker::kernels::cuda {
namespace {

using namespace sm80;

constexpr float kLog2E = 1.4426950408889634f;
constexpr float kLn2 = 0.6931471805599453f;

/// The rows of one warp, in the layout of mma's accumulators: of each 16x8 tile a lane has columns
/// 2 (lane % 4) and the next of row lane / 4, then of the row 8 below ("half" 1).
template <class Number, class Tile>
struct Rows {
  Words4 queries[Tile::kRowTiles][Tile::kColumns];
  float scores[Tile::kRowTiles][Tile::kKeys / 8][4];
  float out[Tile::kRowTiles][Tile::kHeadDim / 8][4];  // relative to 2^shift, as sum is
  float sum[Tile::kRowTiles][2];                      // of this lane's columns
  float shift[Tile::kRowTiles][2];

  RERANKER_DEVICE void clear() {
#pragma unroll
    for (int m = 0; m < Tile::kRowTiles; ++m) {
#pragma unroll
      for (int i = 0; i < Tile::kHeadDim / 8 * 4; ++i) out[m][i / 4][i % 4] = 0;
      sum[m][0] = sum[m][1] = 0;
      shift[m][0] = shift[m][1] = -INFINITY;
    }
  }

  RERANKER_DEVICE void load_queries(LaneRow<Tile> at) {
#pragma unroll
    for (int m = 0; m < Tile::kRowTiles; ++m) {
#pragma unroll
      for (int c = 0; c < Tile::kColumns; ++c) {
        queries[m][c] = ldmatrix_x4(at(c) + static_cast<SharedAddress>(m * Tile::kSliceBytes));
      }
    }
  }

  RERANKER_DEVICE void clear_scores(int slice) {
#pragma unroll
    for (int m = 0; m < Tile::kRowTiles; ++m) {
#pragma unroll
      for (int i = 0; i < 8; ++i) scores[m][2 * slice + i / 4][i % 4] = 0;
    }
  }

  /// Adds 16 columns of a slice of 16 keys to their scores.
  RERANKER_DEVICE void add_scores(int slice, int c, const LaneRow<Tile>& keys) {
    const auto k = ldmatrix_x4(keys(c) + static_cast<SharedAddress>(slice * Tile::kSliceBytes));
#pragma unroll
    for (int m = 0; m < Tile::kRowTiles; ++m) {
      Number::mma(scores[m][2 * slice], queries[m][c], k.w[0], k.w[1]);
      Number::mma(scores[m][2 * slice + 1], queries[m][c], k.w[2], k.w[3]);
    }
  }

  /// Adds a slice of 16 values, weighted, to 16 columns of the outputs.
  RERANKER_DEVICE void add_values(int slice, int c, const LaneRow<Tile>& values,
                                  const Words4 (&weights)[Tile::kRowTiles]) {
    const auto v =
        ldmatrix_x4_transposed(values(c) + static_cast<SharedAddress>(slice * Tile::kSliceBytes));
#pragma unroll
    for (int m = 0; m < Tile::kRowTiles; ++m) {
      Number::mma(out[m][2 * c], weights[m], v.w[0], v.w[1]);
      Number::mma(out[m][2 * c + 1], weights[m], v.w[2], v.w[3]);
    }
  }

  /// Scores of the first block; keys from num_valid on count for nothing.
  RERANKER_DEVICE void begin(const LaneRow<Tile>& keys, int num_valid, int lane) {
#pragma unroll
    for (int slice = 0; slice < Tile::kSlices; ++slice) {
      clear_scores(slice);
#pragma unroll
      for (int c = 0; c < Tile::kColumns; ++c) add_scores(slice, c, keys);
    }
    const int first_invalid = num_valid - 2 * (lane & 3);
#pragma unroll
    for (int m = 0; m < Tile::kRowTiles; ++m) {
#pragma unroll
      for (int i = 0; i < Tile::kKeys / 8 * 4; ++i) {
        if (i / 4 * 8 + i % 2 >= first_invalid) scores[m][i / 4][i % 4] = -INFINITY;
      }
    }
  }

  /// Raises the shifts to the block's highest scores. A shift that is little below them stays: a
  /// probability of 2^8 is as exact as one of 1, and most blocks are spared the multiplications.
  RERANKER_DEVICE void raise_shifts(float scale) {
    constexpr float kTolerance = 8;
    float fade[Tile::kRowTiles][2];
    bool raised = false;
#pragma unroll
    for (int m = 0; m < Tile::kRowTiles; ++m) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        float highest = fmaxf(scores[m][0][2 * half], scores[m][0][2 * half + 1]);
#pragma unroll
        for (int n = 1; n < Tile::kKeys / 8; ++n) {
          highest = fmaxf(highest, fmaxf(scores[m][n][2 * half], scores[m][n][2 * half + 1]));
        }
        highest = fmaxf(highest, shuffle_xor(highest, 1));
        highest = fmaxf(highest, shuffle_xor(highest, 2));
        const float before = shift[m][half];
        const bool raise = highest * scale - before > kTolerance;
        shift[m][half] = raise ? highest * scale : before;
        fade[m][half] = exp2_approx(before - shift[m][half]);
        raised |= raise;
      }
    }
    if (raised) fade_out(fade);
  }

  RERANKER_DEVICE void fade_out(const float (&fade)[Tile::kRowTiles][2]) {
#pragma unroll
    for (int m = 0; m < Tile::kRowTiles; ++m) {
      sum[m][0] *= fade[m][0];
      sum[m][1] *= fade[m][1];
#pragma unroll
      for (int i = 0; i < Tile::kHeadDim / 8 * 4; ++i) out[m][i / 4][i % 4] *= fade[m][i % 4 / 2];
    }
  }

  /// Probabilities of 8 keys of a slice, for 16 rows: half of an operand of mma.
  RERANKER_DEVICE void weigh(int slice, int part, float scale, Words4 (&weights)[Tile::kRowTiles]) {
    const int m = part / 2;
    const int n = part % 2;
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const float* s = &scores[m][2 * slice + n][2 * half];
      const float low = exp2_approx(s[0] * scale - shift[m][half]);
      const float high = exp2_approx(s[1] * scale - shift[m][half]);
      sum[m][half] += low + high;
      weights[m].w[2 * n + half] = Number::pack(low, high);
    }
  }

  /// Brings the block of keys whose scores are there to its end, and the next to its scores.
  template <bool kNext>
  RERANKER_DEVICE void step(const LaneRow<Tile>& keys, const LaneRow<Tile>& values, float scale) {
    constexpr int kParts = 2 * Tile::kRowTiles;  // of the powers of a slice
    raise_shifts(scale);
#pragma unroll
    for (int slice = 0; slice < Tile::kSlices; ++slice) {
      // Keeps the compiler from loading the values of all slices before the first key.
      if (Tile::kOrdered) sync_warp();
      Words4 weights[Tile::kRowTiles];
#pragma unroll
      for (int part = 0; part < kParts; ++part) weigh(slice, part, scale, weights);
      if (kNext) clear_scores(slice);
#pragma unroll
      for (int c = 0; c < Tile::kColumns; ++c) {
        if (kNext) add_scores(slice, c, keys);
        add_values(slice, c, values, weights);
      }
    }
  }

  /// Ends the softmax, and puts the rows where the warp's queries were.
  RERANKER_DEVICE void finish(const Place<Tile>& place) {
#pragma unroll
    for (int m = 0; m < Tile::kRowTiles; ++m) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        sum[m][half] += shuffle_xor(sum[m][half], 1);
        sum[m][half] += shuffle_xor(sum[m][half], 2);
        const float inverse = divide_approx(1, sum[m][half]);
        const int row = 16 * m + 8 * half + (place.lane >> 2);
#pragma unroll
        for (int n = 0; n < Tile::kHeadDim / 8; ++n) {
          store_shared(
              place.tile + static_cast<SharedAddress>(Tile::place(row, n) + (place.lane & 3) * 4),
              Number::pack(out[m][n][2 * half] * inverse, out[m][n][2 * half + 1] * inverse));
        }
      }
    }
  }
};

template <class Number, class Tile>
RERANKER_DEVICE void store_log_sum_exp(const Problem& problem, const Queries& queries,
                                       const Rows<Number, Tile>& rows, const Place<Tile>& place) {
#pragma unroll
  for (int i = 0; i < 2 * Tile::kRowTiles; ++i) {
    const int row = place.first_row + 8 * i + (place.lane >> 2);
    const int token = Queries::token(problem, row);
    if ((place.lane & 3) == 0 && token < queries.num_tokens) {
      store_global(problem.log_sum_exp + queries.index(problem, row, token),
                   (rows.shift[i / 2][i % 2] + log2_approx(rows.sum[i / 2][i % 2])) * kLn2);
    }
  }
}

/// Ends the softmax and writes the rows. Place and work item are read again, so that they take no
/// registers while the loop runs.
template <class Number, class Tile>
RERANKER_DEVICE void finish(const Problem& problem, Rows<Number, Tile>& rows,
                            SharedAddress shared) {
  const Place<Tile> place(shared);
  const Queries queries(problem, load_global(problem.work + block_x()));
  rows.finish(place);
  sync_warp();
  store_rows<Tile>(problem, queries, place);
  if (problem.log_sum_exp != nullptr) store_log_sum_exp(problem, queries, rows, place);
}

template <class Number, class Tile>
__global__ void __launch_bounds__(Tile::kThreads, Tile::kBlocks)
    attention_sm80_kernel(Problem problem) {
  static_assert(Tile::kSharedBytes <= kMaxSharedBytes);
  const auto item = load_global(problem.work + block_x());
  const int num_keys = static_cast<int>(item.w[3]);
  int block = (num_keys - 1) / Tile::kKeys;
  const int num_valid = num_keys - block * Tile::kKeys;  // keys of the last block

  const SharedAddress shared = shared_memory();
  const SharedAddress stages = shared + static_cast<SharedAddress>(Tile::kQueryBytes);
  int next_stage = Tile::kStageBytes;  // from the stage that is read to the other

  KeyCopy<Tile> copy(problem.qkv + static_cast<int>(item.w[2]) * problem.row_bytes +
                         problem.key_bytes + block_y() * Tile::kRowBytes +
                         block * problem.block_bytes,
                     problem.row_bytes, stages);
  copy_queries<Tile>(shared, problem, Queries(problem, item));
  copy.template run<false>(next_stage, copy.from, problem.pass_bytes, num_valid);
  cp_async_commit();
  copy.template run<false>(Tile::kKeyBytes, copy.from + problem.value_bytes, problem.pass_bytes,
                           num_valid);
  copy.from -= problem.block_bytes;
  if (block > 0) copy.template run<true>(0, copy.from, problem.pass_bytes, 0);
  cp_async_commit();

  Rows<Number, Tile> rows;
  rows.clear();
  const Place<Tile> place(shared);
  auto keys = LaneRow<Tile>::of_keys(stages + Tile::kStageBytes, place.lane);
  auto values = LaneRow<Tile>::of_values(stages + Tile::kKeyBytes, place.lane);
  cp_async_wait<1>();
  sync_block();
  rows.load_queries(LaneRow<Tile>::of_values(place.tile, place.lane));
  rows.begin(keys, num_valid, place.lane);
  keys.move(-next_stage);

  for (; block > 0; --block) {
    cp_async_wait<0>();
    sync_block();  // the stage is there, and nobody reads the other any more
    copy.template run<true>(next_stage + Tile::kKeyBytes, copy.from + problem.value_bytes,
                            problem.pass_bytes, 0);
    copy.from -= problem.block_bytes;
    if (block > 1) copy.template run<true>(next_stage, copy.from, problem.pass_bytes, 0);
    cp_async_commit();
    rows.template step<true>(keys, values, problem.scale);
    keys.move(next_stage);
    values.move(next_stage);
    copy.to += static_cast<SharedAddress>(next_stage);
    next_stage = -next_stage;
  }
  cp_async_wait<0>();
  sync_block();
  rows.template step<false>(keys, values, problem.scale);
  finish(problem, rows, shared);
}

template <class Number, class Tile>
Status start(const AttentionArgs& args, Stream stream) {
  const int group = args.num_heads / args.num_kv_heads;
  const std::int64_t head_bytes = Tile::kRowBytes;
  const std::int64_t row_bytes = (args.num_heads + 2 * args.num_kv_heads) * head_bytes;
  const Problem problem{static_cast<unsigned char*>(args.out),
                        static_cast<const unsigned char*>(args.qkv),
                        args.log_sum_exp,
                        reinterpret_cast<const Words4*>(args.work),
                        row_bytes,
                        row_bytes * Tile::kPassRows,
                        row_bytes * Tile::kKeys,
                        args.num_heads * head_bytes,
                        args.num_kv_heads * head_bytes,
                        args.num_heads,
                        group,
                        (65536u + static_cast<unsigned>(group) - 1) / static_cast<unsigned>(group),
                        kLog2E / std::sqrt(static_cast<float>(Tile::kHeadDim))};
  const Launch config{args.num_work, args.num_kv_heads, Tile::kThreads, Tile::kSharedBytes};
  return launch(attention_sm80_kernel<Number, Tile>, config, stream, problem);
}

using Tile32 = Tile<32, 2, 4, 64, 2, false>;
using Tile64 = Tile<64, 2, 4, 64, 2, true>;
using Tile128 = Tile<128, 2, 4, 32, 2>;
static_assert(Tile32::kRows == 128 && Tile64::kRows == 128 && Tile128::kRows == 128);
constexpr int kRows = 128;

template <class Number>
Status run_type(const AttentionArgs& args, Stream stream) {
  switch (args.head_dim) {
    case 32: return start<Number, Tile32>(args, stream);
    case 64: return start<Number, Tile64>(args, stream);
    default: return start<Number, Tile128>(args, stream);
  }
}

Status run(const AttentionArgs& args, Stream stream) {
  return args.type == Type::bf16 ? run_type<Bf16>(args, stream) : run_type<Fp16>(args, stream);
}

bool supports(const AttentionArgs& args, int capability) {
  const bool type = args.type == Type::bf16 || args.type == Type::fp16;
  const bool dim = args.head_dim == 32 || args.head_dim == 64 || args.head_dim == 128;
  return capability >= 80 && type && dim && args.num_heads % args.num_kv_heads == 0 &&
         args.num_heads / args.num_kv_heads <= kRows;
}

std::int32_t query_tokens(const AttentionArgs& args) {
  return kRows / (args.num_heads / args.num_kv_heads);
}

}  // namespace

extern const AttentionKernel kAttentionSm80;
const AttentionKernel kAttentionSm80{"sm80", supports, query_tokens, run};

}  // namespace reranker::kernels::cuda
