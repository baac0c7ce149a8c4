#pragma once

#include <cstring>

#include "kernels/cpu/int8_layout.hpp"
#include "kernels/cpu/int8_tile.hpp"
#include "kernels/cpu/tables.hpp"

// linear_int8 over the tiles of int8_tile.hpp: the loops of linear_avx2.cpp. A panel's block of
// Isa::kBlock columns stays in L1, a block of up to Isa::kMaxRows rows of codes in L2. A task
// copies its rows of codes once, so that a tile reads them as one stream. Isa has besides what a
// tile needs
//
//   interleave_four                  dwords of four rows of codes, `step` bytes from one column's
//                                    to the next's
//   Sixteen                          a row's 16 outputs of a panel
//   dequantized                      sums to outputs (linear_int8.hpp)
//   load_sixteen, store_sixteen      of which `lanes` belong to the matrix
//   sum, silu_product, gelu          the epilogues
//
// For linear_int8_<isa>.cpp only: everything is local to the file that includes it.

namespace reranker::kernels {
namespace {

inline constexpr std::int64_t kMaxSums =
    32 * 1024;                                 // int32 kept between blocks of columns, 128 KiB
inline constexpr std::int64_t kFewRows = 12;   // up to here copying costs next to nothing
inline constexpr std::int64_t kRowsAhead = 8;  // whose outputs are asked for
inline constexpr std::int64_t kWarmBytes = 256 * 1024;  // codes that stay in L2 over all of k

// A unit is what a task's columns are counted in: the panels of a tile, or of a gate and its up.
template <typename Isa>
std::int64_t panels_per_unit(const LinearInt8Args& args) {
  return args.epilogue == Epilogue::swiglu ? 2 : Isa::kPanels;
}

template <typename Isa>
std::int64_t num_units(const LinearInt8Args& args) {
  return divide_up(num_panels(args.weights.shape), panels_per_unit<Isa>(args));
}

inline std::int64_t sums_of(std::int64_t rows) {
  return larger(kMaxSums, 2 * rows * kPanel);
}

// Panels whose sums are kept together, for `rows` rows: many, so that a block of codes is fetched
// seldom; or, where all codes stay at hand, few, so that weights are read from end to end.
inline std::int64_t panels_in_group(const LinearInt8Args& args, std::int64_t rows) {
  if (rows * int8_stride(args.weights.shape.k) <= kWarmBytes) return 2;
  return larger(2, kMaxSums / (rows * kPanel) / 2 * 2);
}

template <typename Isa>
Plan plan_linear_int8(const LinearInt8Args& args, int num_threads) {
  if (args.num_tokens == 0) return {0, 0, 0, 0};
  const std::int64_t rows = smaller(args.num_tokens, Isa::kMaxRows);
  const Cut cut =
      cut_product({args.num_tokens, rows, num_units<Isa>(args), rows > kFewRows}, num_threads);

  const std::int64_t copied = rows * int8_stride(args.weights.shape.k);
  return plan_of(cut, sums_of(rows) * 4 + copied);
}

// Codes as tiles read them: by blocks of columns, in these by tiles, in these by 4 columns.
struct Int8Rows {
  const std::uint8_t* data;
  Tiles tiles;
  std::int64_t count;
};

// One block of a tile's rows. Four rows at a time, the last four again where rows are left over.
template <typename Isa>
void copy_tile(std::uint8_t* to, const std::uint8_t* from, std::int64_t stride, std::int64_t rows,
               std::int64_t columns) {
  const std::int64_t step = rows * 4;
  if (rows < 4) {
    for (std::int64_t r = 0; r < rows; ++r)
      for (std::int64_t i = 0; i < columns / 4; ++i)
        std::memcpy(to + i * step + r * 4, from + r * stride + i * 4, 4);
    return;
  }
  for (std::int64_t r = 0; r < rows; r += 4) {
    const std::int64_t first = smaller(r, rows - 4);
    Isa::interleave_four(to + first * 4, step, from + first * stride, stride, columns);
  }
}

template <typename Isa>
Int8Rows copy_rows(std::uint8_t* to, const std::uint8_t* codes, std::int64_t count,
                   std::int64_t stride) {
  const Tiles tiles = cut_into_tiles(count, Isa::kRows);
  std::int64_t before = 0;  // rows of the tiles before this one
  for (std::int64_t i = 0; i < tiles.count; ++i) {
    const std::int64_t rows = tiles.rows(i);
    for (std::int64_t begin = 0; begin < stride; begin += Isa::kBlock) {
      const std::int64_t columns = smaller(Isa::kBlock, stride - begin);
      copy_tile<Isa>(to + begin * count + before * columns, codes + before * stride + begin, stride,
                     rows, columns);
    }
    before += rows;
  }
  return {to, tiles, count};
}

// All rows with `panels` panels over one block; `next` is where the panels that follow begin.
template <typename Isa>
void multiply_block(Int8Tile t, const Int8Rows& rows, std::int64_t panels, std::int64_t columns) {
  const std::int64_t dwords = columns / 4;
  t.next_step = divide_up(columns * kPanel, rows.tiles.count * dwords);
  for (std::int64_t i = 0; i < rows.tiles.count; ++i) {
    const std::int64_t count = rows.tiles.rows(i);
    multiply_tile_of<Isa>(count, panels)(t, dwords);
    t.codes += count * columns;
    t.sums += count * kPanel;
    t.next += dwords * t.next_step;
  }
}

// Sums of all rows with panels [first, last): sums (last - first, rows.count, 16).
template <typename Isa>
void sum_panels(std::int32_t* sums, const LinearInt8Args& args, const Int8Rows& rows,
                std::int64_t first, std::int64_t last) {
  const std::int64_t stride = int8_stride(args.weights.shape.k);
  const std::int64_t panel_bytes = stride * kPanel;
  const auto* packed = static_cast<const std::int8_t*>(args.packed);
  for (std::int64_t begin = 0; begin < stride; begin += Isa::kBlock) {
    const std::int64_t columns = smaller(Isa::kBlock, stride - begin);
    for (std::int64_t p = first; p < last; p += Isa::kPanels) {
      const std::int64_t panels = smaller(Isa::kPanels, last - p);
      const std::int8_t* panel = packed + p * panel_bytes + begin * kPanel;
      const WeightBlock next =
          block_after({p, begin}, {first, last}, Isa::kPanels, Isa::kBlock, stride);
      const Int8Tile tile{
          rows.data + begin * rows.count,
          panel,
          panel_bytes,
          sums + (p - first) * rows.count * kPanel,
          rows.count * kPanel,
          begin > 0,
          reinterpret_cast<const char*>(packed + next.panel * panel_bytes + next.column * kPanel),
          0};
      multiply_block<Isa>(tile, rows, panels, columns);
    }
  }
}

// What turns sums into outputs, looked up once a task.
struct Int8Outputs {
  const float* scales;          // (16 * num_panels)
  const std::int32_t* offsets;  // (16 * num_panels)
  std::int64_t n;               // columns of out
  std::int64_t step;            // panels for 16 of them
};

inline Int8Outputs outputs_of(const LinearInt8Args& args) {
  const auto* packed = static_cast<const char*>(args.packed);
  const std::int64_t step = args.epilogue == Epilogue::swiglu ? 2 : 1;
  return {reinterpret_cast<const float*>(packed + int8_scales_at(args.weights)),
          reinterpret_cast<const std::int32_t*>(packed + int8_offsets_at(args.weights)),
          args.weights.shape.n / step, step};
}

// Sums of panels [first, last) and rows from `token` on into `out`.
template <typename Isa, Epilogue epilogue>
void finish(const LinearInt8Args& args, const Int8Outputs& to, const std::int32_t* sums,
            std::int64_t token, std::int64_t rows, std::int64_t first, std::int64_t last) {
  for (std::int64_t r = 0; r < rows; ++r) {
    const float scale = args.scales[token + r];
    const std::int64_t ahead = r + kRowsAhead < rows ? kRowsAhead * to.n : 0;
    for (std::int64_t p = first; p < last; p += to.step) {
      const std::int64_t column = p / to.step * kPanel;
      const std::int64_t lanes = smaller(kPanel, to.n - column);
      const std::int64_t at = (token + r) * to.n + column;
      // A row's lines of out are few and far from the next row's: no processor foresees them.
      __builtin_prefetch(args.out + at + ahead, 1);
      if (epilogue == Epilogue::add) __builtin_prefetch(args.residual + at + ahead);
      const std::int32_t* sum = sums + ((p - first) * rows + r) * kPanel;
      const std::int32_t* offsets = to.offsets + p * kPanel;
      const float* scales = to.scales + p * kPanel;
      auto y = Isa::dequantized(sum, offsets, scales, scale);
      if (args.bias != nullptr) y = Isa::sum(y, Isa::load_sixteen(args.bias + column, lanes));
      if (epilogue == Epilogue::add)
        y = Isa::sum(y, Isa::load_sixteen(args.residual + at, lanes));
      else if (epilogue == Epilogue::swiglu)
        y = Isa::silu_product(
            y, Isa::dequantized(sum + rows * kPanel, offsets + kPanel, scales + kPanel, scale));
      else if (epilogue == Epilogue::gelu)
        y = Isa::gelu(y);
      Isa::store_sixteen(args.out + at, y, lanes);
    }
  }
}

template <typename Isa>
auto finish_of(Epilogue epilogue) {
  return epilogue == Epilogue::store  ? finish<Isa, Epilogue::store>
         : epilogue == Epilogue::add  ? finish<Isa, Epilogue::add>
         : epilogue == Epilogue::gelu ? finish<Isa, Epilogue::gelu>
                                      : finish<Isa, Epilogue::swiglu>;
}

template <typename Isa>
void linear_int8(const LinearInt8Args& args, const Plan& plan, std::int64_t task, void* scratch) {
  const std::int64_t stride = int8_stride(args.weights.shape.k);
  const std::int64_t step = panels_per_unit<Isa>(args);
  const auto [tokens, units] = part_of_product(plan, task, args.num_tokens, num_units<Isa>(args));
  const std::int64_t count = tokens.end - tokens.begin;
  const std::int64_t group = panels_in_group(args, count);

  auto* sums = static_cast<std::int32_t*>(scratch);
  const Int8Rows rows = copy_rows<Isa>(reinterpret_cast<std::uint8_t*>(sums + sums_of(count)),
                                       args.codes + tokens.begin * stride, count, stride);
  const Int8Outputs outputs = outputs_of(args);
  const auto finish_rows = finish_of<Isa>(args.epilogue);
  const std::int64_t end = smaller(units.end * step, num_panels(args.weights.shape));
  for (std::int64_t p = units.begin * step; p < end; p += group) {
    const std::int64_t last = smaller(p + group, end);
    sum_panels<Isa>(sums, args, rows, p, last);
    finish_rows(args, outputs, sums, tokens.begin, count, p, last);
  }
}

}  // namespace
}  // namespace reranker::kernels
