#include "kernels/cpu/rotate_avx2.hpp"
#include "kernels/cpu/tables.hpp"

namespace reranker::kernels {
namespace {

__m256 widened(const void* rows, WeightType type, std::int64_t i) {
  if (type == WeightType::fp32) return _mm256_loadu_ps(static_cast<const float*>(rows) + i);
  const auto* words = static_cast<const std::uint16_t*>(rows) + i;
  const __m128i eight = _mm_loadu_si128(reinterpret_cast<const __m128i*>(words));
  if (type == WeightType::fp16) return _mm256_cvtph_ps(eight);
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(eight), 16));
}

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
