#pragma once

#include "kernels/cpu/cuts.hpp"
#include "kernels/cpu/tables.hpp"

// How attention is cut into tasks and where keys and values lie once packed: alike for every
// instruction set that works on panels of 16. For <op>_<isa>.cpp only: everything is local to the
// file that includes it.

namespace reranker::kernels {

constexpr std::int64_t kPanel = 16;
constexpr std::int64_t kPackTokens = 256;  // of a task that packs

namespace {

inline std::int64_t round_up(std::int64_t a, std::int64_t step = kPanel) {
  return (a + step - 1) / step * step;
}

/// Sequences are cut into pieces of `size` tokens, numbered so that a piece is found without a
/// table: sequence s has the numbers from offsets[s] / size + s to those of s + 1, which is never
/// less than it needs and at most one more.
inline std::int64_t first_piece(const AttentionArgs& args, std::int64_t s, std::int64_t size) {
  return args.offsets[s] / size + s;
}

inline std::int64_t num_pieces(const AttentionArgs& args, std::int64_t size) {
  return args.num_tokens / size + args.num_sequences;
}

/// A task is a piece for one key head: all pieces of a sequence for its first head, then for the
/// next, so that a head's keys and values are used up while they are at hand.
struct Piece {
  std::int64_t sequence;
  std::int64_t kv_head;
  std::int64_t number;  // within the sequence
};

inline Piece find_piece(const AttentionArgs& args, std::int64_t task, std::int64_t size) {
  const std::int64_t heads = args.num_kv_heads;
  std::int64_t low = 0;
  std::int64_t high = args.num_sequences;
  while (high - low > 1) {
    const std::int64_t middle = (low + high) / 2;
    (first_piece(args, middle, size) * heads <= task ? low : high) = middle;
  }
  const std::int64_t first = first_piece(args, low, size);
  const std::int64_t count = first_piece(args, low + 1, size) - first;
  const std::int64_t i = task - first * heads;
  return {low, i / count, i % count};
}

/// Keys and values of all tokens as panels, one key head after another. A sequence's keys begin at
/// a multiple of 16 of places; there is a place for each token and up to 16 more for each sequence.
///   keys    for each 16 tokens: (D, 16)
///   values  for each 16 columns, the last ones zero: (all tokens of the sequence, 16)
/// Where two bf16 are an element (`width` of 2), D and tokens are counted in pairs.
struct Packed {
  explicit Packed(const AttentionArgs& args, std::int64_t numbers = 1)
      : width(numbers),
        places(num_pieces(args, kPanel) * kPanel),
        key_steps(divide_up(args.head_dim, numbers)),
        value_dim(round_up(args.head_dim)),
        head_floats(places * key_steps + places / numbers * value_dim) {}

  std::int64_t width;
  std::int64_t places;
  std::int64_t key_steps;
  std::int64_t value_dim;
  std::int64_t head_floats;

  float* keys(const AttentionArgs& args, std::int64_t sequence, std::int64_t kv_head) const {
    return static_cast<float*>(args.packed) + kv_head * head_floats +
           first_piece(args, sequence, kPanel) * kPanel * key_steps;
  }
  float* values(const AttentionArgs& args, std::int64_t sequence, std::int64_t kv_head) const {
    return static_cast<float*>(args.packed) + kv_head * head_floats + places * key_steps +
           first_piece(args, sequence, kPanel) * kPanel / width * value_dim;
  }
};

inline std::int64_t row_floats(const AttentionArgs& args) {
  return (args.num_heads + 2 * args.num_kv_heads) * args.head_dim;
}

inline std::int64_t queries_per_head(const AttentionArgs& args) {
  return args.num_heads / args.num_kv_heads;
}

/// Tokens whose queries of one key head, `rows` or a few less, are a tile.
inline std::int64_t tokens_per_tile(const AttentionArgs& args, std::int64_t rows) {
  return larger(1, rows / queries_per_head(args));
}

template <std::int64_t Width = 1>
std::size_t packed_bytes(const AttentionArgs& args) {
  return static_cast<std::size_t>(Packed(args, Width).head_floats * args.num_kv_heads * 4);
}

inline Plan plan_pack(const AttentionArgs& args, int) {
  if (args.num_tokens == 0) return {0, 0, 0, 0};
  const std::int64_t pieces = num_pieces(args, kPackTokens);
  return {pieces * args.num_kv_heads, 0, pieces, args.num_kv_heads};
}

/// Tokens [begin, end) of a sequence, counted from its start.
struct Tokens {
  std::int64_t begin;
  std::int64_t end;
};

/// Those that a tile is for: the pieces of a sequence are even. None if begin == end.
inline Tokens tile_tokens(const AttentionArgs& args, const Piece& piece, std::int64_t size) {
  const std::int64_t length = args.offsets[piece.sequence + 1] - args.offsets[piece.sequence];
  const std::int64_t queries = smaller(length, args.num_queries);
  const std::int64_t count = divide_up(queries, size);
  if (piece.number >= count) return {0, 0};
  const RowRange even = part_of(queries, piece.number, count);
  return {even.begin, even.end};
}

/// The keys and values of one key head that a task packs.
struct PackTask {
  Piece piece;
  Tokens tokens;        // not even ones: they must begin at a multiple of 16
  std::int64_t length;  // of the sequence
  const float* key;     // of the sequence's first token; its value is value_offset further
  std::int64_t value_offset;
};

inline PackTask pack_task(const AttentionArgs& args, std::int64_t task) {
  const Piece piece = find_piece(args, task, kPackTokens);
  const std::int64_t start = args.offsets[piece.sequence];
  const std::int64_t length = args.offsets[piece.sequence + 1] - start;
  const std::int64_t begin = piece.number * kPackTokens;
  const float* key =
      args.qkv + start * row_floats(args) + (args.num_heads + piece.kv_head) * args.head_dim;
  return {piece,
          {begin, smaller(begin + kPackTokens, length)},
          length,
          key,
          args.num_kv_heads * args.head_dim};
}

/// Asks for a token's floats: those of the next token lie pages away, where no processor looks by
/// itself.
inline void ask_for(const float* floats, std::int64_t count) {
  constexpr std::int64_t kLine = 16;  // floats of 64 bytes
  for (std::int64_t i = 0; i < count; i += kLine) __builtin_prefetch(floats + i);
}

/// `PackKeys` packs up to 16 tokens' keys, which lie `stride` floats apart, into one panel;
/// `PackValues` up to `Width` tokens' values into the panels of their columns, `panel_stride`
/// floats apart.
template <void (*PackKeys)(float* panel, const float* keys, std::int64_t stride, std::int64_t count,
                           std::int64_t dim),
          void (*PackValues)(float* to, std::int64_t panel_stride, const float* values,
                             std::int64_t stride, std::int64_t count, std::int64_t dim),
          std::int64_t Width = 1>
void pack_piece(const AttentionArgs& args, const Plan&, std::int64_t task, void*) {
  const PackTask t = pack_task(args, task);
  const Packed packed(args, Width);
  const std::int64_t stride = row_floats(args);
  const std::int64_t s = t.piece.sequence;
  const float* value = t.key + t.value_offset;
  for (std::int64_t u = t.tokens.begin; u < t.tokens.end; u += kPanel) {
    const std::int64_t end = smaller(u + kPanel, t.tokens.end);
    for (std::int64_t next = end; next < smaller(end + kPanel, t.tokens.end); ++next) {
      ask_for(t.key + next * stride, args.head_dim);
      ask_for(value + next * stride, args.head_dim);
    }
    PackKeys(packed.keys(args, s, t.piece.kv_head) + u * packed.key_steps, t.key + u * stride,
             stride, end - u, args.head_dim);
    for (std::int64_t v = u; v < end; v += Width)
      PackValues(packed.values(args, s, t.piece.kv_head) + v / Width * kPanel,
                 divide_up(t.length, Width) * kPanel, value + v * stride, stride,
                 smaller(Width, end - v), args.head_dim);
  }
}

/// The queries of one key head that a task of attention is for, and all that they look at.
struct QueryTile {
  std::int64_t kv_head;
  std::int64_t token;       // the first, of all tokens
  std::int64_t num_tokens;  // 0 where the sequence has fewer tiles
  std::int64_t length;      // of the sequence
  const float* keys;
  const float* values;
};

/// Cuts a thread's scratch into arrays, or counts what they take where there is no memory.
struct ScratchCut {
  float* memory;
  std::int64_t floats = 0;

  float* take(std::int64_t count) {
    float* taken = memory == nullptr ? nullptr : memory + floats;
    floats += count;
    return taken;
  }
};

/// `size` tokens are a tile at the most.
inline QueryTile query_tile(const AttentionArgs& args, std::int64_t task, std::int64_t size,
                            std::int64_t width = 1) {
  const Piece piece = find_piece(args, task, size);
  const Tokens tokens = tile_tokens(args, piece, size);
  const std::int64_t start = args.offsets[piece.sequence];
  const Packed packed(args, width);
  return {piece.kv_head,
          start + tokens.begin,
          tokens.end - tokens.begin,
          args.offsets[piece.sequence + 1] - start,
          packed.keys(args, piece.sequence, piece.kv_head),
          packed.values(args, piece.sequence, piece.kv_head)};
}

}  // namespace
}  // namespace reranker::kernels
