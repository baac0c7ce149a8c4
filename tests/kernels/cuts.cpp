#include "kernels/cpu/cuts.hpp"

#include <algorithm>

#include "support/catch.hpp"

using namespace reranker::kernels;

namespace {

/// The share of the threads' time that is work, where tasks are handed out in turns.
double balance(const Product& p, const Cut& cut, int num_threads) {
  const auto turns = divide_up(cut.row_tasks * cut.column_tasks, num_threads);
  const auto longest =
      divide_up(p.num_rows, cut.row_tasks) * divide_up(p.num_units, cut.column_tasks);
  return static_cast<double>(p.num_rows * p.num_units) /
         static_cast<double>(turns * longest * num_threads);
}

}  // namespace

TEST_CASE("A product of few columns keeps many threads busy", "[cuts]") {
  const int num_threads = GENERATE(2, 3, 4, 8, 16, 64);
  const std::int64_t rows = GENERATE(64, 111, 128, 257, 512, 2048);
  const std::int64_t units = GENERATE(12, 24, 48, 96, 512);   // of 384 columns on, in 32 or 16
  const std::int64_t max_rows = GENERATE(72, 144, 168, 288);  // of a task, by instruction set
  const Product product{rows, std::min(rows, max_rows), units, true};
  const Cut cut = cut_product(product, num_threads);
  CAPTURE(num_threads, rows, units, max_rows, cut.row_tasks, cut.column_tasks);
  CHECK(balance(product, cut, num_threads) > (rows * units < 64 * num_threads ? 0.5 : 0.75));
}

TEST_CASE("A cut gives every task rows and columns, and no more rows than it has room for",
          "[cuts]") {
  const int num_threads = GENERATE(1, 2, 16, 64);
  const std::int64_t rows = GENERATE(1, 2, 19, 111, 257);
  const std::int64_t units = GENERATE(1, 2, 5, 48);
  const Cut cut =
      cut_product({rows, std::min<std::int64_t>(rows, 72), units, rows > 12}, num_threads);
  CHECK(cut.row_tasks >= 1);
  CHECK(cut.row_tasks <= rows);
  CHECK(divide_up(rows, cut.row_tasks) <= 72);
  CHECK(cut.column_tasks >= 1);
  CHECK(cut.column_tasks <= units);
}

TEST_CASE("One thread's product is cut no finer than its rows ask for", "[cuts]") {
  const Cut cut = cut_product({300, 72, 48, true}, 1);
  CHECK(cut.row_tasks == 5);
  CHECK(cut.column_tasks == 1);
}
