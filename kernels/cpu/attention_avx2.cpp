#include "kernels/cpu/attention_pieces.hpp"
#include "kernels/cpu/micro_avx2.hpp"
#include "kernels/cpu/tables.hpp"
#include "kernels/cpu/transpose_avx2.hpp"

// Both products are the micro-kernel of linear: scores = queries x keys (panels of 16 keys), then
// out = probabilities x values (panels of 16 columns). The query heads of a key head are rows of
// one tile, so that a block of keys and values is read once for all of them.

namespace reranker::kernels {
namespace {

constexpr std::int64_t kTargetRows = 96;  // scores of a tile: 96 x 256 floats, 96 KiB of L2

constexpr std::int64_t kSoftened = 32;    // scores that become powers side by side
constexpr std::int64_t kTokensAhead = 8;  // whose queries are asked for

// Queries and probabilities were written a moment ago: they are at hand.
using AttentionPanel = Fp32Panel<false>;

// Up to 8 rows of up to 8 floats, the rest zero, turned so that `to` gets 8 lanes for each float.
void transpose_into(float* to, const float* from, std::int64_t stride, std::int64_t rows,
                    std::int64_t columns) {
  const __m256i mask = first_lanes(columns);
  __m256i m[8];
  for (int r = 0; r < 8; ++r)
    m[r] = r < rows ? _mm256_castps_si256(_mm256_maskload_ps(from + r * stride, mask))
                    : _mm256_setzero_si256();
  transpose_8x8(m);
  for (std::int64_t c = 0; c < columns; ++c)
    _mm256_storeu_ps(to + c * kPanel, _mm256_castsi256_ps(m[c]));
}

// 16 tokens, or the last ones of the sequence, into one panel.
void pack_keys(float* panel, const float* keys, std::int64_t stride, std::int64_t count,
               std::int64_t dim) {
  for (std::int64_t d = 0; d < dim; d += 8)
    for (std::int64_t r = 0; r < kPanel; r += 8)
      transpose_into(panel + d * kPanel + r, keys + r * stride + d, stride,
                     larger(0, smaller(8, count - r)), smaller(8, dim - d));
}

void pack_values(float* to, std::int64_t panel_stride, const float* value, std::int64_t,
                 std::int64_t, std::int64_t dim) {
  for (std::int64_t d = 0; d < dim; d += kPanel) {
    float* lanes = to + d / kPanel * panel_stride;
    for (std::int64_t half = 0; half < kPanel; half += 8) {
      _mm256_storeu_ps(lanes + half, load_first(value + d + half, dim - d - half));
    }
  }
}

// A thread's scratch. A row is a query: token by token, the heads of one key head together.
struct Scratch {
  float* queries;  // (rows, D), scaled
  float* scores;   // (rows, kAttentionBlock); then probabilities
  float* out;      // (rows, value_dim)
  float* max;      // (rows)
  float* sum;      // (rows)
  float* rescale;  // (rows), rounded up to 8
  std::int64_t floats;
};

Scratch cut(void* memory, const AttentionArgs& args) {
  const std::int64_t rows = round_up(tokens_per_tile(args, kTargetRows) * queries_per_head(args));
  ScratchCut from{static_cast<float*>(memory)};
  Scratch s;
  s.scores = from.take(rows * kAttentionBlock);
  s.queries = from.take(rows * round_up(args.head_dim));
  s.out = from.take(rows * round_up(args.head_dim));
  s.max = from.take(rows);
  s.sum = from.take(rows);
  s.rescale = from.take(rows);
  s.floats = from.floats;
  return s;
}

Plan plan_attention_avx2(const AttentionArgs& args, int) {
  if (args.num_tokens == 0) return {0, 0, 0, 0};
  const std::int64_t pieces = num_pieces(args, tokens_per_tile(args, kTargetRows));
  return {pieces * args.num_kv_heads, static_cast<std::size_t>(cut(nullptr, args).floats * 4),
          pieces, args.num_kv_heads};
}

void scale_row(float* to, const float* from, std::int64_t dim, __m256 scale) {
  for (std::int64_t d = 0; d < dim; d += 8)
    store_first(to + d, _mm256_mul_ps(load_first(from + d, dim - d), scale), dim - d);
}

float largest(__m256 x) {
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

// The greatest of `max` and the scores of a row and block. What lies between `count` and `padded`,
// a multiple of kSoftened, becomes minus infinity, so that it counts for nothing.
float greatest_score(float* scores, std::int64_t count, std::int64_t padded, float max) {
  for (std::int64_t u = count; u < padded; ++u) scores[u] = -__builtin_inff();
  __m256 low = _mm256_set1_ps(max);
  __m256 high = low;
  for (std::int64_t u = 0; u < padded; u += kPanel) {
    low = _mm256_max_ps(low, _mm256_loadu_ps(scores + u));
    high = _mm256_max_ps(high, _mm256_loadu_ps(scores + u + 8));
  }
  return largest(_mm256_max_ps(low, high));
}

// Scores of one row and block become probabilities relative to the maximum; returns their sum.
float soften(float* scores, std::int64_t padded, float max) {
  const __m256 shift = _mm256_set1_ps(max);
  Partials p = no_partials();
  for (std::int64_t u = 0; u < padded; u += kSoftened) {
    __m256 x[4];
    for (int i = 0; i < 4; ++i) x[i] = _mm256_sub_ps(_mm256_loadu_ps(scores + u + 8 * i), shift);
    exp2_each(x);
    for (int i = 0; i < 4; ++i) _mm256_storeu_ps(scores + u + 8 * i, x[i]);
    p.low = _mm256_add_ps(_mm256_add_ps(p.low, x[0]), x[2]);
    p.high = _mm256_add_ps(_mm256_add_ps(p.high, x[1]), x[3]);
  }
  return tree_sum(p);
}

// Softens all rows of a block and brings their running sums up to date. Leaves in s.rescale what
// the output so far is to be multiplied with. Eight rows at a time, maxima first: no row's powers
// wait for its own maximum.
void soften_rows(const Scratch& s, std::int64_t rows, std::int64_t count, bool first) {
  const std::int64_t padded = round_up(count, kSoftened);
  float block_sum[8];
  for (std::int64_t r = 0; r < rows; r += 8) {
    const std::int64_t n = rows - r;
    const __m256 before = load_first(s.max + r, n);
    const std::int64_t end = smaller(r + 8, rows);
    for (std::int64_t i = r; i < end; ++i)
      s.max[i] = greatest_score(s.scores + i * kAttentionBlock, count, padded, s.max[i]);
    for (std::int64_t i = r; i < end; ++i)
      block_sum[i - r] = soften(s.scores + i * kAttentionBlock, padded, s.max[i]);
    const __m256 sums = load_first(block_sum, n);
    if (first) {
      store_first(s.sum + r, sums, n);
      continue;
    }
    const __m256 rescale = exp2_of(_mm256_sub_ps(before, load_first(s.max + r, n)));
    store_first(s.rescale + r, rescale, n);
    store_first(s.sum + r, _mm256_fmadd_ps(load_first(s.sum + r, n), rescale, sums), n);
  }
}

// One block of `count` keys for all rows. What comes after a panel is the panel beside it; after
// the last of the keys or values it is memory of the same sequence or of the next, asked for in
// vain.
void attend_block(const Scratch& s, const Tiles& tiles, std::int64_t rows, const float* keys,
                  const float* values, std::int64_t value_stride, std::int64_t count,
                  std::int64_t dim, bool first) {
  const std::int64_t value_dim = round_up(dim);
  for (std::int64_t u = 0; u < count; u += kPanel) {
    const auto* next = reinterpret_cast<const char*>(keys + (u + kPanel) * dim);
    const Tile tile{s.queries, dim, s.scores + u, kAttentionBlock, s.rescale, next, 0};
    multiply_tiles<AttentionPanel, Into::store>(tiles, tile, keys + u * dim, dim, dim * kPanel * 4);
  }
  soften_rows(s, rows, count, first);
  for (std::int64_t d = 0; d < value_dim; d += kPanel) {
    const float* panel = values + d / kPanel * value_stride;
    const auto* next = reinterpret_cast<const char*>(panel + value_stride);
    const Tile tile{s.scores, kAttentionBlock, s.out + d, value_dim, s.rescale, next, 0};
    const std::int64_t bytes = count * kPanel * 4;
    first ? multiply_tiles<AttentionPanel, Into::store>(tiles, tile, panel, count, bytes)
          : multiply_tiles<AttentionPanel, Into::rescale>(tiles, tile, panel, count, bytes);
  }
}

void load_queries(const Scratch& s, const AttentionArgs& args, std::int64_t token,
                  std::int64_t num_tokens, std::int64_t kv_head) {
  const std::int64_t group = queries_per_head(args);
  const std::int64_t dim = args.head_dim;
  const __m128 root = _mm_sqrt_ss(_mm_set_ss(static_cast<float>(dim)));
  const __m256 scale = _mm256_broadcastss_ps(_mm_div_ss(_mm_set_ss(kLog2E), root));
  const std::int64_t floats = group * dim;  // a token's queries lie side by side
  const float* from = args.qkv + token * row_floats(args) + kv_head * floats;
  for (std::int64_t t = 0; t < num_tokens; ++t) {
    if (t + kTokensAhead < num_tokens)
      ask_for(from + (t + kTokensAhead) * row_floats(args), floats);
    scale_row(s.queries + t * floats, from + t * row_floats(args), floats, scale);
  }
  for (std::int64_t r = 0; r < num_tokens * group; ++r) s.max[r] = -__builtin_inff();
}

void store_rows(const Scratch& s, const AttentionArgs& args, std::int64_t token,
                std::int64_t num_tokens, std::int64_t kv_head) {
  const std::int64_t group = queries_per_head(args);
  const std::int64_t dim = args.head_dim;
  for (std::int64_t r = 0; r < num_tokens * group; ++r) {
    const float* from = s.out + r * round_up(dim);
    const std::int64_t head = kv_head * group + r % group;
    float* to = args.out + ((token + r / group) * args.num_heads + head) * dim;
    scale_row(to, from, dim, _mm256_set1_ps(1.0f / s.sum[r]));
  }
}

void attention_avx2(const AttentionArgs& args, const Plan&, std::int64_t task, void* scratch) {
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

void add_attention_avx2(CpuKernels& table) {
  table.attention = {"fp32",
                     packed_bytes<>,
                     plan_pack,
                     pack_piece<pack_keys, pack_values>,
                     plan_attention_avx2,
                     attention_avx2};
}

}  // namespace reranker::kernels
