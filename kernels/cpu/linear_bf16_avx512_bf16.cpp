#include <cstring>

#include "kernels/cpu/bf16_layout.hpp"
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
constexpr std::int64_t kBlockBytes = 352 << 10;  // of copied rows in a block: a third of 1 MiB L2
constexpr std::int64_t kBlockMultiple = 32;      // columns
constexpr std::int64_t kFewRows = 8;             // up to here copying costs next to nothing
constexpr std::int64_t kRowsAhead = 8;           // whose outputs are asked for

// A unit is what columns are counted in: two panels, with swiglu those of a gate and its up. The
// last panel of a matrix may be alone.
std::int64_t num_units(const LinearBf16Args& args) {
  return divide_up(num_panels(args.weights), 2);
}

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
  const std::int64_t row_tasks = divide_up(args.num_tokens, rows);
  const std::int64_t column_tasks =
      cut_columns(num_units(args), row_tasks, rows <= kFewRows ? 1 : 4, 16, num_threads);
  const std::int64_t copied = rows * bf16_stride(args.weights.k) * 2;
  return {row_tasks * column_tasks, static_cast<std::size_t>(sums_of(rows) * 4 + copied), row_tasks,
          column_tasks};
}

// Rows as tiles read them: by blocks of columns, in these by tiles, in these by pairs of columns.
struct Rows {
  const std::uint16_t* data;
  Tiles tiles;
  std::int64_t count;
  std::int64_t stride;
  std::int64_t block;
};

// One block of a tile's rows. Four rows at a time, the last four again where rows are left over.
void copy_tile(std::uint16_t* to, const std::uint16_t* from, std::int64_t stride, std::int64_t rows,
               std::int64_t columns) {
  const std::int64_t step = rows * 2;
  if (rows < 4) {
    for (std::int64_t r = 0; r < rows; ++r)
      for (std::int64_t i = 0; i < columns; i += 2)
        std::memcpy(to + i * rows + r * 2, from + r * stride + i, 4);
    return;
  }
  for (std::int64_t r = 0; r < rows; r += 4) {
    const std::int64_t first = smaller(r, rows - 4);
    for (std::int64_t i = 0; i < columns; i += kPair)
      interleave_pairs(to + i * rows + first * 2, step, from + first * stride + i, stride);
  }
}

Rows copy_rows(std::uint16_t* to, const std::uint16_t* x, std::int64_t count, std::int64_t stride) {
  const Rows rows{to, cut_into_tiles(count, kMaxTileRows), count, stride, block_of(count, stride)};
  std::int64_t before = 0;  // rows of the tiles before this one
  for (std::int64_t i = 0; i < rows.tiles.count; ++i) {
    const std::int64_t of_tile = rows.tiles.rows(i);
    for (std::int64_t begin = 0; begin < stride; begin += rows.block) {
      const std::int64_t columns = smaller(rows.block, stride - begin);
      copy_tile(to + begin * count + before * columns, x + before * stride + begin, stride, of_tile,
                columns);
    }
    before += of_tile;
  }
  return rows;
}

// All rows with two panels over one block; `next` is where the panels that follow begin.
void multiply_block(Bf16Tile t, const Rows& rows, std::int64_t columns) {
  const std::int64_t pairs = columns / 2;
  t.next_step = divide_up(columns * kPanel * 2, rows.tiles.count * pairs);
  for (std::int64_t i = 0; i < rows.tiles.count; ++i) {
    const std::int64_t count = rows.tiles.rows(i);
    multiply_tile_of(count)(t, pairs);
    t.x += count * columns;
    t.sums += count * kPair;
    t.next += pairs * t.next_step;
  }
}

// Sums of `rows` with units [first, last): sums (last - first, rows.count, 32).
void sum_units(float* sums, const LinearBf16Args& args, const Rows& rows, std::int64_t first,
               std::int64_t last) {
  const std::int64_t panel_words = bf16_panel_words(args.weights);
  const auto* packed = static_cast<const std::uint16_t*>(args.packed);
  for (std::int64_t begin = 0; begin < rows.stride; begin += rows.block) {
    const std::int64_t columns = smaller(rows.block, rows.stride - begin);
    for (std::int64_t u = first; u < last; ++u) {
      const std::uint16_t* panel = packed + u * 2 * panel_words + begin * kPanel;
      const std::uint16_t* next =
          u + 1 < last ? panel + 2 * panel_words
          : begin + columns < rows.stride
              ? packed + first * 2 * panel_words + (begin + columns) * kPanel
              : packed + last * 2 * panel_words;
      // A lone panel is its own neighbour: the second sums are never looked at.
      const bool alone = u * 2 + 1 == num_panels(args.weights);
      const Bf16Tile tile{rows.data + begin * rows.count,
                          panel,
                          alone ? 0 : panel_words,
                          sums + (u - first) * rows.count * kPair,
                          begin > 0,
                          reinterpret_cast<const char*>(next),
                          0};
      multiply_block(tile, rows, columns);
    }
  }
}

// The 16 sums at `sum` with what follows them into `out`, of which `lanes` belong to the matrix.
void finish_sixteen(float* out, const float* sum, const float* residual, std::int64_t lanes) {
  const Floats y = load(sum);
  store_first(out, residual == nullptr ? y : add(y, load_first(residual, lanes)), lanes);
}

// The 32 sums of a row and unit into `out`: row `row` of it, column `column` on.
void finish_unit(const LinearBf16Args& args, const float* sum, std::int64_t row,
                 std::int64_t unit) {
  if (args.epilogue == Epilogue::swiglu) {
    const std::int64_t n = args.weights.n / 2;
    float* out = args.out + row * n + unit * kPanel;
    __builtin_prefetch(out + kRowsAhead * n, 1);
    store_first(out, mul(silu_of(load(sum)), load(sum + kPanel)), n - unit * kPanel);
    return;
  }
  const std::int64_t n = args.weights.n;
  for (std::int64_t column = unit * kPair; column < smaller(n, (unit + 1) * kPair);
       column += kPanel, sum += kPanel) {
    const std::int64_t at = row * n + column;
    // A row's lines of out are few and far from the next row's: no processor foresees them.
    __builtin_prefetch(args.out + at + kRowsAhead * n, 1);
    finish_sixteen(args.out + at, sum,
                   args.epilogue == Epilogue::add ? args.residual + at : nullptr, n - column);
  }
}

void linear_bf16_avx512_bf16(const LinearBf16Args& args, const Plan& plan, std::int64_t task,
                             void* scratch) {
  const std::int64_t stride = bf16_stride(args.weights.k);
  // Columns are the outer loop of tasks: neighbours in time read the same weights.
  const RowRange tokens = part_of(args.num_tokens, task % plan.row_tasks, plan.row_tasks);
  const RowRange units = part_of(num_units(args), task / plan.row_tasks, plan.column_tasks);
  const std::int64_t count = tokens.end - tokens.begin;

  auto* sums = static_cast<float*>(scratch);
  const Rows rows = copy_rows(reinterpret_cast<std::uint16_t*>(sums + sums_of(count)),
                              args.x + tokens.begin * stride, count, stride);
  // Units whose sums are kept together: where a block is all of k, one, so that weights are read
  // from end to end; else many, so that a block of x is fetched seldom.
  const std::int64_t group = rows.block >= stride ? 1 : larger(1, kMaxSums / (count * kPair));
  for (std::int64_t u = units.begin; u < units.end; u += group) {
    const std::int64_t last = smaller(u + group, units.end);
    sum_units(sums, args, rows, u, last);
    for (std::int64_t r = 0; r < count; ++r)
      for (std::int64_t v = u; v < last; ++v)
        finish_unit(args, sums + ((v - u) * count + r) * kPair, tokens.begin + r, v);
  }
}

}  // namespace

void add_linear_bf16_avx512_bf16(CpuKernels& table) {
  table.bf16_sequence = "avx512_bf16";
  table.plan_linear_bf16 = plan_linear_bf16_avx512_bf16;
  table.linear_bf16 = linear_bf16_avx512_bf16;
}

}  // namespace reranker::kernels
