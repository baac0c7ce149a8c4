#include "kernels/cpu/rotate_avx2.hpp"
#include "kernels/cpu/tables.hpp"
#include "kernels/cpu/widen_avx2.hpp"

namespace reranker::kernels {
namespace {

// The last values, fewer than eight, as part of eight.
__m256 widened_tail(const RotateRowsArgs& args, std::int64_t begin, std::int64_t count) {
  alignas(32) char eight[32] = {};
  const std::int64_t size = args.type == WeightType::fp32 ? 4 : 2;
  __builtin_memcpy(eight, static_cast<const char*>(args.rows) + begin * size,
                   static_cast<std::size_t>(count * size));
  return widened(eight, args.type, 0);
}

void rotate_rows_avx2(const RotateRowsArgs& args) {
  const __m256 scale = _mm256_set1_ps(rotation_scale(rotation_block(args.dim)));
  const std::int64_t count = args.num_rows * args.dim;
  for (std::int64_t i = 0; i < count; i += 8) {
    const __m256 x =
        i + 8 <= count ? widened(args.rows, args.type, i) : widened_tail(args, i, count - i);
    store_first(args.out + i, _mm256_mul_ps(x, scale), count - i);
  }
  for (std::int64_t row = 0; row < args.num_rows; ++row)
    turn_row(args.out + row * args.dim, args.dim);
}

}  // namespace

void add_rotate_avx2(CpuKernels& table) {
  table.rotate_rows = rotate_rows_avx2;
}

}  // namespace reranker::kernels
