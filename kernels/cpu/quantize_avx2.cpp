#include "kernels/cpu/int8_codes_avx2.hpp"
#include "kernels/cpu/rotate_avx2.hpp"
#include "kernels/cpu/tables.hpp"

namespace reranker::kernels {
namespace {

// Eight values of a row of x from i on, zeros where there are fewer.
struct Plain {
  const float* x;
  std::int64_t dim;
  __m256 at(std::int64_t i) const { return load_first(x + i, dim - i); }
};

struct Normed {
  const float* x;
  const float* weight;
  __m256 r;
  std::int64_t dim;
  __m256 at(std::int64_t i) const {
    const __m256 scaled = _mm256_mul_ps(load_first(x + i, dim - i), r);
    return _mm256_mul_ps(scaled, load_first(weight + i, dim - i));
  }
};

// 16 codes in the order of their values: packing joins halves of registers, hence the permutation;
// to turn the highest bit of a signed byte is to add 128.
__m128i codes_of(__m256i low, __m256i high) {
  const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(low, high), 0xd8);
  const __m128i bytes =
      _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
  return _mm_xor_si128(bytes, _mm_set1_epi8(-128));
}

void codes_of_row(std::uint8_t* codes, float* scale, const Plain& row) {
  __m256i magnitudes = least_magnitudes();
  for (std::int64_t i = 0; i < row.dim; i += 8)
    magnitudes = larger_magnitudes(magnitudes, row.at(i));
  const float m = largest(magnitudes);
  *scale = m / 127.0f;
  const __m256 inverse = _mm256_set1_ps(127.0f / m);
  for (std::int64_t i = 0; i < int8_stride(row.dim); i += 16)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(codes + i),
                     codes_of(quantized(row.at(i), inverse), quantized(row.at(i + 8), inverse)));
}

// The row is rotated in y, which has room for whole registers.
template <typename Row>
void quantize_row(std::uint8_t* codes, float* scale, float* y, const Row& row) {
  const __m256 factor = _mm256_set1_ps(rotation_scale(rotation_block(row.dim)));
  for (std::int64_t i = 0; i < row.dim; i += 8)
    _mm256_storeu_ps(y + i, _mm256_mul_ps(row.at(i), factor));
  turn_row(y, row.dim);
  codes_of_row(codes, scale, Plain{y, row.dim});
}

void quantize_avx2(const QuantizeArgs& args, const Plan& plan, std::int64_t task, void* scratch) {
  const RowRange tokens = part_of(args.num_tokens, task, plan.num_tasks);
  for (std::int64_t t = tokens.begin; t < tokens.end; ++t)
    quantize_row(args.codes + t * int8_stride(args.dim), args.scales + t,
                 static_cast<float*>(scratch), Plain{args.x + t * args.dim, args.dim});
}

void rms_norm_quantize_avx2(const RmsNormQuantizeArgs& args, const Plan& plan, std::int64_t task,
                            void* scratch) {
  const RowRange tokens = part_of(args.num_tokens, task, plan.num_tasks);
  for (std::int64_t t = tokens.begin; t < tokens.end; ++t) {
    const float* x = args.x + t * args.dim;
    const __m256 r = _mm256_set1_ps(inverse_rms(x, args.dim, args.eps));
    quantize_row(args.codes + t * int8_stride(args.dim), args.scales + t,
                 static_cast<float*>(scratch), Normed{x, args.weight, r, args.dim});
  }
}

}  // namespace

void add_quantize_avx2(CpuKernels& table) {
  table.quantize = quantize_avx2;
  table.rms_norm_quantize = rms_norm_quantize_avx2;
}

}  // namespace reranker::kernels
