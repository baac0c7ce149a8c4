#pragma once

#include <cstdint>

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

/// How many tasks share the `units` of columns of each of `row_tasks`. Every one of them copies its
/// rows again, so it gets units enough to be worth that: a thread's fair share, but `least` at the
/// least, and no more than `enough` need be asked for.
inline std::int64_t cut_columns(std::int64_t units, std::int64_t row_tasks, std::int64_t least,
                                std::int64_t enough, int num_threads) {
  const std::int64_t wanted = num_threads > 1 ? 4 * num_threads : 1;
  const std::int64_t min_units = smaller(larger(units / num_threads, least), enough);
  const std::int64_t most = larger(1, units / min_units);
  return smaller(divide_up(wanted, row_tasks), most);
}

}  // namespace
}  // namespace reranker::kernels
