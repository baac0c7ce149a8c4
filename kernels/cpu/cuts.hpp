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
  std::int64_t least;      // units that make copying a task's rows worth its while
  std::int64_t enough;     // units of which no more need be asked for
};

/// Tasks are of one size and no thread takes the next before it is through, so their number is a
/// multiple of the threads' where it can be: eleven tasks on two threads take as long as twelve.
/// Every task copies its rows again, so it gets units enough to be worth that: a thread's fair
/// share, within the product's bounds.
inline Cut cut_product(const Product& p, int num_threads) {
  const std::int64_t least_rows = divide_up(p.num_rows, p.max_rows);
  const std::int64_t rows =
      least_rows < num_threads ? least_rows : divide_up(least_rows, num_threads) * num_threads;
  const std::int64_t fair = larger(p.num_units / num_threads, p.least);
  const std::int64_t most = larger(1, p.num_units / smaller(fair, p.enough));
  const std::int64_t wanted = num_threads > 1 ? divide_up(4 * num_threads, rows) : 1;
  const std::int64_t step = rows >= num_threads       ? 1
                            : num_threads % rows == 0 ? num_threads / rows
                                                      : num_threads;
  const std::int64_t even = smaller(divide_up(wanted, step), most / step) * step;
  return {rows, even > 0 ? even : smaller(wanted, most)};
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
