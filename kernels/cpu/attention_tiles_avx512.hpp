#pragma once

#include "kernels/cpu/attention_pieces.hpp"
#include "kernels/cpu/micro_avx512.hpp"

// Attention over tiles of queries. Both products are the micro-kernel of linear: scores = queries x
// keys (panels of 16 keys), then out = powers x values (panels of 16 columns). The query heads of a
// key head are rows of one tile, so that a block of keys and values is read once for all of them.
//
// Numbers says what is multiplied: elements of 32 bits, of `kWidth` numbers each.
//
//   kName            AttentionKernels::products
//   Panel            of micro_avx512.hpp
//   pack_keys, pack_values             attention_pieces.hpp
//   scale_queries(to, from, heads, dim, factor)    a token's queries, side by side, as elements;
//                                      16 elements after the last may be written
//   soften(powers, scores, count, max) scores of a row and block become exp2(score - max), also up
//                                      to the next multiple of 16 elements; returns their sum
//
// For <op>_<isa>.cpp only: everything is local to the file that includes it.

namespace reranker::kernels {
namespace {

constexpr std::int64_t kTargetRows = 8 * kMaxTileRows;  // scores of a tile: 119 KiB of L2
// Floats from a row of scores to the next: rows a power of two apart would share L1's sets.
constexpr std::int64_t kScoreStride = kAttentionBlock + kPanel;

/// A thread's scratch. A row is a query: token by token, the heads of one key head together.
struct Scratch {
  float* queries;  // (rows, key_steps) elements, scaled
  float* scores;   // (rows, kScoreStride)
  float* powers;   // (rows, kScoreStride / kWidth) elements; may be scores
  float* out;      // (rows, value_dim)
  float* max;      // (rows), rounded up to 16, and so the next ones
  float* sum;
  float* block_sum;
  float* rescale;
  std::int64_t floats;
};

template <typename Numbers>
Scratch cut(void* memory, const AttentionArgs& args) {
  const std::int64_t rows = round_up(tokens_per_tile(args, kTargetRows) * queries_per_head(args));
  ScratchCut from{static_cast<float*>(memory)};
  Scratch s;
  s.scores = from.take(rows * kScoreStride);
  s.powers = Numbers::kWidth == 1 ? s.scores : from.take(rows * kScoreStride / Numbers::kWidth);
  s.queries = from.take(rows * round_up(args.head_dim));
  s.out = from.take(rows * round_up(args.head_dim));
  s.max = from.take(rows);
  s.sum = from.take(rows);
  s.block_sum = from.take(rows);
  s.rescale = from.take(rows);
  s.floats = from.floats;
  return s;
}

template <typename Numbers>
Plan plan_attention(const AttentionArgs& args, int) {
  if (args.num_tokens == 0) return {0, 0, 0, 0};
  const std::int64_t pieces = num_pieces(args, tokens_per_tile(args, kTargetRows));
  return {pieces * args.num_kv_heads,
          static_cast<std::size_t>(cut<Numbers>(nullptr, args).floats * 4), pieces,
          args.num_kv_heads};
}

inline void scale_row(float* to, const float* from, std::int64_t dim, float factor) {
  const Floats scale = fill(factor);
  for (std::int64_t d = 0; d < dim; d += kPanel)
    store_first(to + d, mul(load_first(from + d, dim - d), scale), dim - d);
}

/// The greatest of `max` and the scores of a row and block. What lies between `count` and the next
/// multiple of a register of elements becomes minus infinity, so that it counts for nothing.
template <typename Numbers>
float greatest_score(float* scores, std::int64_t count, float max) {
  const std::int64_t end = round_up(count, Numbers::kWidth * kPanel);
  for (std::int64_t u = count / kPanel * kPanel; u < end; u += kPanel) {
    const Lanes real = first_lanes(larger(0, smaller(kPanel, count - u)));
    store(scores + u, pick(real, load(scores + u), fill(-__builtin_inff())));
  }
  Floats greatest = fill(max);
  for (std::int64_t u = 0; u < end; u += kPanel) greatest = max_of(greatest, load(scores + u));
  return largest(greatest);
}

/// Softens all rows of a block and brings their running sums up to date. Leaves in s.rescale what
/// the output so far is to be multiplied with. Sixteen rows at a time, maxima first: no row's
/// powers wait for its own maximum.
template <typename Numbers>
void soften_rows(const Scratch& s, std::int64_t rows, std::int64_t count, bool first) {
  for (std::int64_t r = 0; r < rows; r += kPanel) {
    const std::int64_t end = smaller(r + kPanel, rows);
    const Floats before = load(s.max + r);
    for (std::int64_t i = r; i < end; ++i)
      s.max[i] = greatest_score<Numbers>(s.scores + i * kScoreStride, count, s.max[i]);
    for (std::int64_t i = r; i < end; ++i)
      s.block_sum[i] = Numbers::soften(s.powers + i * kScoreStride / Numbers::kWidth,
                                       s.scores + i * kScoreStride, count, s.max[i]);
    const Floats sums = load(s.block_sum + r);
    const Floats rescale = exp2_of(sub(before, load(s.max + r)));
    store(s.rescale + r, rescale);
    store(s.sum + r, first ? sums : fma(load(s.sum + r), rescale, sums));
  }
}

/// All rows of `tile` with `num_panels` panels of `step` rows that lie `b_stride` floats apart.
/// What comes after a panel is the panel beside it; after the last of the keys or values it is
/// memory of the same sequence or of the next, asked for in vain.
template <typename Panel>
void multiply_panels(const Tiles& tiles, Tile tile, const float* panel, std::int64_t num_panels,
                     std::int64_t steps) {
  const std::int64_t bytes = steps * kPanel * 4;
  for (std::int64_t p = 0; p < num_panels; p += 2) {
    const bool alone = p + 1 == num_panels;
    tile.next = reinterpret_cast<const char*>(panel + (alone ? 1 : 2) * tile.b_stride);
    alone ? multiply_tiles<1, Panel>(tiles, tile, panel, steps, bytes)
          : multiply_tiles<2, Panel>(tiles, tile, panel, steps, bytes);
    panel += 2 * tile.b_stride;
    tile.c += 2 * kPanel;
  }
}

/// One block of `count` keys for all rows.
template <typename Numbers>
void attend_block(const Scratch& s, const Tiles& tiles, std::int64_t rows, const float* keys,
                  const float* values, std::int64_t value_stride, std::int64_t count,
                  std::int64_t dim, bool first) {
  using Panel = typename Numbers::Panel;
  const std::int64_t value_dim = round_up(dim);
  const std::int64_t key_steps = divide_up(dim, Numbers::kWidth);
  const Tile scores{s.queries, key_steps, s.scores, kScoreStride, key_steps * kPanel, Into::store,
                    s.rescale, nullptr,   0};
  multiply_panels<Panel>(tiles, scores, keys, round_up(count) / kPanel, key_steps);
  soften_rows<Numbers>(s, rows, count, first);
  const Tile out{s.powers,
                 kScoreStride / Numbers::kWidth,
                 s.out,
                 value_dim,
                 value_stride,
                 first ? Into::store : Into::rescale,
                 s.rescale,
                 nullptr,
                 0};
  multiply_panels<Panel>(tiles, out, values, value_dim / kPanel, divide_up(count, Numbers::kWidth));
}

template <typename Numbers>
void load_queries(const Scratch& s, const AttentionArgs& args, std::int64_t token,
                  std::int64_t num_tokens, std::int64_t kv_head) {
  const std::int64_t group = queries_per_head(args);
  const std::int64_t floats = group * args.head_dim;  // a token's queries lie side by side
  const std::int64_t elements = group * divide_up(args.head_dim, Numbers::kWidth);
  const float scale = kLog2E / square_root(static_cast<float>(args.head_dim));
  for (std::int64_t t = 0; t < num_tokens; ++t)
    Numbers::scale_queries(s.queries + t * elements,
                           args.qkv + (token + t) * row_floats(args) + kv_head * floats, group,
                           args.head_dim, scale);
  for (std::int64_t r = 0; r < round_up(num_tokens * group); r += kPanel)
    store(s.max + r, fill(-__builtin_inff()));
}

inline void store_rows(const Scratch& s, const AttentionArgs& args, std::int64_t token,
                       std::int64_t num_tokens, std::int64_t kv_head) {
  const std::int64_t group = queries_per_head(args);
  const std::int64_t dim = args.head_dim;
  for (std::int64_t t = 0; t < num_tokens; ++t)
    for (std::int64_t h = 0; h < group; ++h) {
      const std::int64_t r = t * group + h;
      float* to = args.out + ((token + t) * args.num_heads + kv_head * group + h) * dim;
      scale_row(to, s.out + r * round_up(dim), dim, 1.0f / s.sum[r]);
    }
}

template <typename Numbers>
void attend(const AttentionArgs& args, const Plan&, std::int64_t task, void* scratch) {
  constexpr std::int64_t kWidth = Numbers::kWidth;
  const QueryTile q = query_tile(args, task, tokens_per_tile(args, kTargetRows), kWidth);
  if (q.num_tokens == 0) return;
  const std::int64_t rows = q.num_tokens * queries_per_head(args);
  const Tiles tiles = tiles_of(rows);
  const Scratch s = cut<Numbers>(scratch, args);

  load_queries<Numbers>(s, args, q.token, q.num_tokens, q.kv_head);
  const std::int64_t key_steps = divide_up(args.head_dim, kWidth);
  for (std::int64_t u = 0; u < q.length; u += kAttentionBlock)
    attend_block<Numbers>(s, tiles, rows, q.keys + u * key_steps, q.values + u / kWidth * kPanel,
                          divide_up(q.length, kWidth) * kPanel,
                          smaller(kAttentionBlock, q.length - u), args.head_dim, u == 0);
  store_rows(s, args, q.token, q.num_tokens, q.kv_head);
}

template <typename Numbers>
AttentionKernels attention_kernels() {
  return {Numbers::kName,
          packed_bytes<Numbers::kWidth>,
          plan_pack,
          pack_piece<Numbers::pack_keys, Numbers::pack_values, Numbers::kWidth>,
          plan_attention<Numbers>,
          attend<Numbers>};
}

}  // namespace
}  // namespace reranker::kernels
