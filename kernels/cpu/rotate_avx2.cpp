#include "kernels/cpu/rotate_avx2.hpp"
#include "kernels/cpu/tables.hpp"
#include "kernels/cpu/widen_avx2.hpp"

namespace reranker::kernels {
namespace {

// A row of a matrix whose values are of `type`, widened; it begins with value `begin`.
struct Widened {
  const void* rows;
  WeightType type;
  std::int64_t begin;
  std::int64_t dim;

  __m256 at(std::int64_t i) const {
    return i + 8 <= dim ? widened(rows, type, begin + i) : last(begin + i, dim - i);
  }
  // Fewer than eight values, as part of eight.
  __m256 last(std::int64_t first, std::int64_t count) const {
    alignas(32) char eight[32] = {};
    const std::int64_t size = type == WeightType::fp32 ? 4 : 2;
    __builtin_memcpy(eight, static_cast<const char*>(rows) + first * size,
                     static_cast<std::size_t>(count * size));
    return widened(eight, type, 0);
  }
};

void rotate_rows_avx2(const RotateRowsArgs& args) {
  for (std::int64_t row = 0; row < args.num_rows; ++row) {
    const std::int64_t begin = row * args.dim;
    rotate_row(args.out + begin, Widened{args.rows, args.type, begin, args.dim}, args.dim,
               [](__m256) {});
  }
}

}  // namespace

void add_rotate_avx2(CpuKernels& table) {
  table.rotate_rows = rotate_rows_avx2;
}

}  // namespace reranker::kernels
