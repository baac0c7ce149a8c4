#include "kernels/cpu/bf16_layout.hpp"
#include "kernels/cpu/bf16_outputs_avx512.hpp"
#include "kernels/cpu/bf16_tile.hpp"
#include "kernels/cpu/tables.hpp"

// The loops of linear_avx512.cpp. A block of columns of a task's rows of x stays in L2 while all
// panels of a group pass by it; a chain is interrupted between blocks, which no bit shows. A task
// copies its rows of x once, so that a tile reads them as one stream.

namespace reranker::kernels {
namespace {

constexpr std::int64_t kMaxRows = 12 * kMaxTileRows;
constexpr std::int64_t kMaxSums = 64 * 1024;     // floats kept between blocks, 256 KiB
constexpr std::int64_t kMaxRowBytes = 4 << 20;   // of copied rows, whole, in a task's scratch
constexpr std::int64_t kBlockBytes = 528 << 10;  // of copied rows in a block: half of a 1 MiB L2
constexpr std::int64_t kBlockMultiple = 32;      // columns
constexpr std::int64_t kCopyEnd = 64;            // bytes lost after the copied rows
constexpr std::int64_t kFewRows = 8;             // up to here copying costs next to nothing

std::int64_t max_rows(std::int64_t k) {
  const std::int64_t fitting = kMaxRowBytes / (bf16_stride(k) * 2) / kMaxTileRows * kMaxTileRows;
  return smaller(kMaxRows, larger(fitting, 2 * kMaxTileRows));
}

std::int64_t sums_of(std::int64_t rows) {
  return larger(kMaxSums, rows * kPair);
}

// Columns of a block for `rows` rows: the fewest blocks that fit, as even as can be.
std::int64_t block_of(std::int64_t rows, std::int64_t stride) {
  const std::int64_t blocks = divide_up(rows * stride * 2, kBlockBytes);
  return divide_up(divide_up(stride, blocks), kBlockMultiple) * kBlockMultiple;
}

Plan plan_linear_bf16_avx512_bf16(const LinearBf16Args& args, int num_threads) {
  if (args.num_tokens == 0) return {0, 0, 0, 0};
  const std::int64_t rows = smaller(args.num_tokens, max_rows(args.weights.k));
  const std::int64_t units = num_panel_pairs(args.weights);
  const Cut cut = cut_product({args.num_tokens, rows, units, rows > kFewRows}, num_threads);
  const std::int64_t copied = rows * bf16_stride(args.weights.k) * 2;
  return plan_of(cut, sums_of(rows) * 4 + copied + kCopyEnd);
}

// Rows as tiles read them: by blocks of columns, in these by tiles, in these by pairs of columns.
struct Rows {
  const std::uint16_t* data;
  Tiles tiles;
  std::int64_t count;
  std::int64_t stride;
  std::int64_t block;
};

// Sixteen pairs of columns of a tile's rows. The dwords of missing rows go where the next pair's
// will be, so that places are to be written in order and some bytes after the last one are lost.
void copy_pairs(std::uint16_t* to, const std::uint16_t* from, std::int64_t stride,
                std::int64_t rows) {
  Floats dwords[kPanel];
#pragma GCC unroll 16
  for (std::int64_t r = 0; r < kPanel; ++r)
    dwords[r] = load_dwords(from + smaller(r, rows - 1) * stride);
  transpose_16x16(dwords);
#pragma GCC unroll 16
  for (std::int64_t pair = 0; pair < kPanel; ++pair)
    store_dwords(to + pair * rows * 2, dwords[pair]);
}

Rows copy_rows(std::uint16_t* to, const std::uint16_t* x, std::int64_t count, std::int64_t stride) {
  const Rows rows{to, cut_into_tiles(count, kMaxTileRows), count, stride, block_of(count, stride)};
  for (std::int64_t begin = 0; begin < stride; begin += rows.block) {
    const std::int64_t end = smaller(begin + rows.block, stride);
    const std::uint16_t* from = x;  // the tile's first row
    for (std::int64_t i = 0; i < rows.tiles.count; ++i) {
      const std::int64_t of_tile = rows.tiles.rows(i);
      for (std::int64_t column = begin; column < end; column += kPair) {
        copy_pairs(to, from + column, stride, of_tile);
        to += of_tile * kPair;
      }
      from += of_tile * stride;
    }
  }
  return rows;
}

// All rows with pair `unit` of panels over one block; t.next is where the panels that follow
// begin. `row` is the first row's place in `out`.
void multiply_block(Bf16Tile t, const LinearBf16Args& args, const Rows& rows, std::int64_t row,
                    std::int64_t unit, std::int64_t columns) {
  const Place place = place_of(args, unit);
  const std::int64_t pairs = columns / 2;
  t.next_step = divide_up(columns * kPanel * 2, rows.tiles.count * pairs);
  t.n = place.n;
  const auto finish_rows = finish_of(args.epilogue);
  for (std::int64_t i = 0; i < rows.tiles.count; ++i) {
    const std::int64_t count = rows.tiles.rows(i);
    t.out = args.out + row * place.n + place.column;
    t.residual = args.epilogue == Epilogue::add ? args.residual + (t.out - args.out) : t.out;
    multiply_tile_of(count)(t, pairs);
    if (t.finishes) finish_rows(args, t.sums, row, count, place);
    t.x += count * columns;
    t.sums += count * kPair;
    t.next += pairs * t.next_step;
    row += count;
  }
}

// Outputs of `rows`, the first of which is row `row`, and units [first, last).
void multiply_units(float* sums, const LinearBf16Args& args, const Rows& rows, std::int64_t row,
                    std::int64_t first, std::int64_t last) {
  const std::int64_t panel_words = bf16_panel_words(args.weights);
  const auto* packed = static_cast<const std::uint16_t*>(args.packed);
  for (std::int64_t begin = 0; begin < rows.stride; begin += rows.block) {
    const std::int64_t columns = smaller(rows.block, rows.stride - begin);
    const bool finishes = begin + columns == rows.stride;
    for (std::int64_t u = first; u < last; ++u) {
      const std::uint16_t* panel = packed + u * 2 * panel_words + begin * kPanel;
      const WeightBlock next = block_after({u, begin}, {first, last}, 1, rows.block, rows.stride);
      Bf16Tile tile{};
      tile.x = rows.data + begin * rows.count;
      tile.panel = panel;
      // A lone panel is its own neighbour: the second sums are never looked at.
      tile.panel_stride = u * 2 + 1 == num_panels(args.weights) ? 0 : panel_words;
      tile.sums = sums + (u - first) * rows.count * kPair;
      tile.resume = begin > 0;
      tile.next = reinterpret_cast<const char*>(packed + next.panel * 2 * panel_words +
                                                next.column * kPanel);
      tile.finishes = finishes;
      multiply_block(tile, args, rows, row, u, columns);
    }
  }
}

void linear_bf16_avx512_bf16(const LinearBf16Args& args, const Plan& plan, std::int64_t task,
                             void* scratch) {
  const std::int64_t stride = bf16_stride(args.weights.k);
  const auto [tokens, units] =
      part_of_product(plan, task, args.num_tokens, num_panel_pairs(args.weights));
  const std::int64_t count = tokens.end - tokens.begin;

  auto* sums = static_cast<float*>(scratch);
  const Rows rows = copy_rows(reinterpret_cast<std::uint16_t*>(sums + sums_of(count)),
                              args.x + tokens.begin * stride, count, stride);
  // Units whose sums are kept together: where a block is all of k, one, so that weights are read
  // from end to end; else many, so that a block of x is fetched seldom.
  const std::int64_t group = rows.block >= stride ? 1 : larger(1, kMaxSums / (count * kPair));
  for (std::int64_t u = units.begin; u < units.end; u += group) {
    const std::int64_t last = smaller(u + group, units.end);
    multiply_units(sums, args, rows, tokens.begin, u, last);
  }
}

}  // namespace

void add_linear_bf16_avx512_bf16(CpuKernels& table) {
  table.bf16_sequence = "avx512_bf16";
  table.bf16_sums = Bf16Sums::chain;
  table.plan_linear_bf16 = plan_linear_bf16_avx512_bf16;
  table.linear_bf16 = linear_bf16_avx512_bf16;
}

}  // namespace reranker::kernels
