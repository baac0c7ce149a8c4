#pragma once

#include <cstdint>

#include "kernels/cpu/tables.hpp"

// How products are cut into tiles and tasks, alike on every instruction set. Everything is local to
// the file that includes it.

namespace reranker::kernels {
namespace {

inline std::int64_t smaller(std::int64_t a, std::int64_t b) {
  return a < b ? a : b;
}
inline std::int64_t larger(std::int64_t a, std::int64_t b) {
  return a > b ? a : b;
}
inline std::int64_t divide_up(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

/// Rows cut into the fewest tiles, as even as can be: a tile of one or two rows would wait for its
/// own multiplications.
struct Tiles {
  std::int64_t count;
  std::int64_t shorter;  // rows of the last tiles
  std::int64_t longer;   // the first tiles, which have one row more

  std::int64_t rows(std::int64_t tile) const { return shorter + (tile < longer ? 1 : 0); }
};

/// `rows` rows in tiles of `most` at the most.
inline Tiles cut_into_tiles(std::int64_t rows, std::int64_t most) {
  const std::int64_t count = divide_up(rows, most);
  return {count, rows / count, rows % count};
}

/// The rows to ask for while tile `tile`, whose rows begin at `a`, is multiplied: as many as its
/// own. Those that follow, unless they are fewer or none; else the `first`, which the next panel
/// begins with. Never what lies behind the rows: where no page is, each asking would wait for its
/// address. They are asked for as if they lay end to end, as copied rows do; the few that are read
/// where they lie stay at hand as it is.
template <typename T>
const T* rows_to_come(const Tiles& tiles, std::int64_t tile, const T* a, std::int64_t stride,
                      const T* first) {
  const bool follow = tile + 1 < tiles.count && tiles.rows(tile + 1) == tiles.rows(tile);
  return follow ? a + tiles.rows(tile) * stride : first;
}

/// Where a block of packed weights lies: the panel, or unit of panels, and the first of its columns
/// of W.
struct WeightBlock {
  std::int64_t panel;
  std::int64_t column;
};

/// The block that is multiplied after `at`, where panels of a group are taken `step` at a time, all
/// with one block of the k columns before any with the next: what is to be asked for meanwhile.
/// After the last one that is where the next group begins.
inline WeightBlock block_after(const WeightBlock& at, const RowRange& group, std::int64_t step,
                               std::int64_t block, std::int64_t k) {
  if (at.panel + step < group.end) return {at.panel + step, at.column};
  if (at.column + block < k) return {group.begin, at.column + block};
  return {group.end, 0};
}

/// The tasks of a product: parts of its rows times parts of its columns.
struct Cut {
  std::int64_t row_tasks;
  std::int64_t column_tasks;
};

/// A product's sizes. Columns are counted in units of the op's own.
struct Product {
  std::int64_t num_rows;
  std::int64_t max_rows;   // of a task
  std::int64_t num_units;  // of columns
  bool copied;             // every task copies its rows first
};

/// What a task takes, in the time of one row times one unit, where tasks are handed out in turns.
inline double time_of(const Product& p, const Cut& cut, int num_threads) {
  // Measured on AVX2: a copy is .08 to .25 of a unit; 13 rows in place of 64 cost 3 % where weights
  // lie in a cache, and memory is shared by all. A last tenth of a turn stands for what threads
  // wait for each other because others use the machine, which smaller tasks make less of.
  constexpr double kCopy = 0.3, kReading = 8, kWaiting = 0.1;
  const auto rows = static_cast<double>(divide_up(p.num_rows, cut.row_tasks));
  const auto units = static_cast<double>(divide_up(p.num_units, cut.column_tasks));
  const auto turns = static_cast<double>(divide_up(cut.row_tasks * cut.column_tasks, num_threads));
  return (turns + kWaiting) * (rows + kReading) * (units + (p.copied ? kCopy : 0));
}

/// The cut whose tasks are through soonest, of those that give every thread up to eight. More rows
/// than need be are cut where columns are too few for the threads.
inline Cut cut_product(const Product& p, int num_threads) {
  constexpr std::int64_t kMostTurns = 8, kFewestRows = 8, kTried = 16;
  const std::int64_t least_rows = divide_up(p.num_rows, p.max_rows);
  Cut best{least_rows, 1};
  if (num_threads == 1) return best;
  const std::int64_t most_rows =
      larger(least_rows, smaller(least_rows + num_threads, p.num_rows / kFewestRows));
  const std::int64_t step = divide_up(most_rows - least_rows + 1, kTried);
  double least_time = time_of(p, best, num_threads);
  for (std::int64_t rows = least_rows; rows <= most_rows; rows += step)
    for (std::int64_t turns = 1; turns <= kMostTurns; ++turns) {
      const Cut cut{rows, larger(1, smaller(p.num_units, turns * num_threads / rows))};
      const double time = time_of(p, cut, num_threads);
      if (time < least_time) best = cut, least_time = time;
      if (cut.column_tasks == p.num_units) break;
    }
  return best;
}

inline Plan plan_of(const Cut& cut, std::int64_t scratch_bytes) {
  return {cut.row_tasks * cut.column_tasks, static_cast<std::size_t>(scratch_bytes), cut.row_tasks,
          cut.column_tasks};
}

/// Rows and units of columns that a task of a product is for.
struct ProductPart {
  RowRange rows;
  RowRange units;
};

/// Columns are the outer loop of tasks: neighbours in time read the same weights.
inline ProductPart part_of_product(const Plan& plan, std::int64_t task, std::int64_t num_rows,
                                   std::int64_t num_units) {
  return {part_of(num_rows, task % plan.row_tasks, plan.row_tasks),
          part_of(num_units, task / plan.row_tasks, plan.column_tasks)};
}

}  // namespace
}  // namespace reranker::kernels
