#include "kernels/cpu/attention_pieces.hpp"
#include "kernels/cpu/micro_avx512.hpp"
#include "kernels/cpu/tables.hpp"

// Both products are the micro-kernel of linear: scores = queries x keys (panels of 16 keys), then
// out = probabilities x values (panels of 16 columns). The query heads of a key head are rows of
// one tile, so that a block of keys and values is read once for all of them.

namespace reranker::kernels {
namespace {

constexpr std::int64_t kTargetRows = 8 * kMaxTileRows;  // scores of a tile: 119 KiB of L2
// Floats from a row of scores to the next: rows a power of two apart would share L1's sets.
constexpr std::int64_t kScoreStride = kAttentionBlock + kPanel;

// Queries and probabilities were written a moment ago: they are at hand.
using AttentionPanel = Fp32Panel<false>;

// 16 tokens, or the last ones of the sequence, into one panel.
void pack_keys(float* panel, const float* keys, std::int64_t stride, std::int64_t count,
               std::int64_t dim) {
  for (std::int64_t d = 0; d < dim; d += kPanel) {
    Floats m[kPanel];
    for (std::int64_t r = 0; r < kPanel; ++r)
      m[r] = r < count ? load_first(keys + r * stride + d, dim - d) : zeros();
    transpose_16x16(m);
    for (std::int64_t c = 0; c < smaller(kPanel, dim - d); ++c)
      store(panel + (d + c) * kPanel, m[c]);
  }
}

void pack_values(float* to, std::int64_t panel_stride, const float* value, std::int64_t dim) {
  for (std::int64_t d = 0; d < dim; d += kPanel)
    store(to + d / kPanel * panel_stride, load_first(value + d, dim - d));
}

// A thread's scratch. A row is a query: token by token, the heads of one key head together.
struct Scratch {
  float* queries;  // (rows, D), scaled
  float* scores;   // (rows, kScoreStride); then probabilities
  float* out;      // (rows, value_dim)
  float* max;      // (rows), rounded up to 16, and so the next ones
  float* sum;
  float* block_sum;
  float* rescale;
  std::int64_t floats;
};

Scratch cut(void* memory, const AttentionArgs& args) {
  const std::int64_t rows = round_up(tokens_per_tile(args, kTargetRows) * queries_per_head(args));
  auto* at = static_cast<float*>(memory);
  Scratch s;
  std::int64_t floats = 0;
  const auto take = [&](std::int64_t count) {
    float* taken = memory == nullptr ? nullptr : at + floats;
    floats += count;
    return taken;
  };
  s.scores = take(rows * kScoreStride);
  s.queries = take(rows * round_up(args.head_dim));
  s.out = take(rows * round_up(args.head_dim));
  s.max = take(rows);
  s.sum = take(rows);
  s.block_sum = take(rows);
  s.rescale = take(rows);
  s.floats = floats;
  return s;
}

Plan plan_attention_avx512(const AttentionArgs& args, int) {
  if (args.num_tokens == 0) return {0, 0, 0, 0};
  const std::int64_t pieces = num_pieces(args, tokens_per_tile(args, kTargetRows));
  return {pieces * args.num_kv_heads, static_cast<std::size_t>(cut(nullptr, args).floats * 4),
          pieces, args.num_kv_heads};
}

void scale_row(float* to, const float* from, std::int64_t dim, float factor) {
  const Floats scale = fill(factor);
  for (std::int64_t d = 0; d < dim; d += kPanel)
    store_first(to + d, mul(load_first(from + d, dim - d), scale), dim - d);
}

// The greatest of `max` and the scores of a row and block. What lies between `count` and the next
// multiple of 16 becomes minus infinity, so that it counts for nothing.
float greatest_score(float* scores, std::int64_t count, float max) {
  const std::int64_t last = round_up(count) - kPanel;
  const Floats tail = pick(first_lanes(count - last), load(scores + last), fill(-__builtin_inff()));
  store(scores + last, tail);
  Floats greatest = max_of(fill(max), tail);
  for (std::int64_t u = 0; u < last; u += kPanel) greatest = max_of(greatest, load(scores + u));
  return largest(greatest);
}

// Scores of a row and block become probabilities relative to `max`. Returns their sum.
float soften(float* scores, std::int64_t count, float max) {
  const Floats shift = fill(max);
  Floats sum = zeros();
  for (std::int64_t u = 0; u < count; u += kPanel) {
    const Floats p = exp2_of(sub(load(scores + u), shift));
    store(scores + u, p);
    sum = add(sum, p);
  }
  return tree_sum(sum);
}

// Softens all rows of a block and brings their running sums up to date. Leaves in s.rescale what
// the output so far is to be multiplied with. Sixteen rows at a time, maxima first: no row's
// powers wait for its own maximum.
void soften_rows(const Scratch& s, std::int64_t rows, std::int64_t count, bool first) {
  for (std::int64_t r = 0; r < rows; r += kPanel) {
    const std::int64_t end = smaller(r + kPanel, rows);
    const Floats before = load(s.max + r);
    for (std::int64_t i = r; i < end; ++i)
      s.max[i] = greatest_score(s.scores + i * kScoreStride, count, s.max[i]);
    for (std::int64_t i = r; i < end; ++i)
      s.block_sum[i] = soften(s.scores + i * kScoreStride, count, s.max[i]);
    const Floats sums = load(s.block_sum + r);
    const Floats rescale = exp2_of(sub(before, load(s.max + r)));
    store(s.rescale + r, rescale);
    store(s.sum + r, first ? sums : fma(load(s.sum + r), rescale, sums));
  }
}

// All rows of `tile` with `num_panels` panels of `step` rows that lie `b_stride` floats apart. What
// comes after a panel is the panel beside it; after the last of the keys or values it is memory of
// the same sequence or of the next, asked for in vain.
void multiply_panels(const Tiles& tiles, Tile tile, const float* panel, std::int64_t num_panels,
                     std::int64_t steps) {
  const std::int64_t bytes = steps * kPanel * 4;
  for (std::int64_t p = 0; p < num_panels; p += 2) {
    const bool alone = p + 1 == num_panels;
    tile.next = reinterpret_cast<const char*>(panel + (alone ? 1 : 2) * tile.b_stride);
    alone ? multiply_tiles<1, AttentionPanel>(tiles, tile, panel, steps, bytes)
          : multiply_tiles<2, AttentionPanel>(tiles, tile, panel, steps, bytes);
    panel += 2 * tile.b_stride;
    tile.c += 2 * kPanel;
  }
}

// One block of `count` keys for all rows.
void attend_block(const Scratch& s, const Tiles& tiles, std::int64_t rows, const float* keys,
                  const float* values, std::int64_t value_stride, std::int64_t count,
                  std::int64_t dim, bool first) {
  const std::int64_t value_dim = round_up(dim);
  const Tile scores{s.queries, dim,     s.scores, kScoreStride, dim * kPanel, Into::store,
                    s.rescale, nullptr, 0};
  multiply_panels(tiles, scores, keys, round_up(count) / kPanel, dim);
  soften_rows(s, rows, count, first);
  const Tile out{s.scores,  kScoreStride, s.out,
                 value_dim, value_stride, first ? Into::store : Into::rescale,
                 s.rescale, nullptr,      0};
  multiply_panels(tiles, out, values, value_dim / kPanel, count);
}

void load_queries(const Scratch& s, const AttentionArgs& args, std::int64_t token,
                  std::int64_t num_tokens, std::int64_t kv_head) {
  const std::int64_t group = queries_per_head(args);
  const std::int64_t floats = group * args.head_dim;  // a token's queries lie side by side
  const float scale = kLog2E / square_root(static_cast<float>(args.head_dim));
  for (std::int64_t t = 0; t < num_tokens; ++t)
    scale_row(s.queries + t * floats, args.qkv + (token + t) * row_floats(args) + kv_head * floats,
              floats, scale);
  for (std::int64_t r = 0; r < round_up(num_tokens * group); r += kPanel)
    store(s.max + r, fill(-__builtin_inff()));
}

void store_rows(const Scratch& s, const AttentionArgs& args, std::int64_t token,
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

void attention_avx512(const AttentionArgs& args, const Plan&, std::int64_t task, void* scratch) {
  const QueryTile q = query_tile(args, task, tokens_per_tile(args, kTargetRows));
  if (q.num_tokens == 0) return;
  const std::int64_t rows = q.num_tokens * queries_per_head(args);
  const Tiles tiles = tiles_of(rows);
  const Scratch s = cut(scratch, args);

  load_queries(s, args, q.token, q.num_tokens, q.kv_head);
  for (std::int64_t u = 0; u < q.length; u += kAttentionBlock)
    attend_block(s, tiles, rows, q.keys + u * args.head_dim, q.values + u * kPanel,
                 q.length * kPanel, smaller(kAttentionBlock, q.length - u), args.head_dim, u == 0);
  store_rows(s, args, q.token, q.num_tokens, q.kv_head);
}

}  // namespace

void add_attention_avx512(CpuKernels& table) {
  table.attention_packed_bytes = packed_bytes;
  table.plan_attention_pack = plan_pack;
  table.attention_pack = pack_piece<pack_keys, pack_values>;
  table.plan_attention = plan_attention_avx512;
  table.attention = attention_avx512;
}

}  // namespace reranker::kernels
