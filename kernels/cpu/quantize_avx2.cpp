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

// Codes of whole registers of y, which has zeros behind the row. To turn the highest bit of a
// signed byte is to add 128.
void codes_of_row(std::uint8_t* codes, float inverse_scale, const float* y, std::int64_t stride) {
  const __m256 inverse = _mm256_set1_ps(inverse_scale);
  for (std::int64_t i = 0; i < stride; i += 32) {
    __m256i q[4];
    for (int r = 0; r < 4; ++r) q[r] = quantized(_mm256_loadu_ps(y + i + 8 * r), inverse);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(codes + i),
                        _mm256_xor_si256(bytes_of(q), _mm256_set1_epi8(-128)));
  }
}

// The row is rotated in y, which has room for int8_stride(dim) values.
template <typename Row>
void quantize_row(std::uint8_t* codes, float* scale, float* y, const Row& row) {
  const std::int64_t stride = int8_stride(row.dim);
  for (std::int64_t i = row.dim / 8 * 8; i < stride; i += 8)
    _mm256_storeu_ps(y + i, _mm256_setzero_ps());
  __m256i magnitudes = least_magnitudes();
  rotate_row(y, row, row.dim,
             [&](__m256 turned) { magnitudes = larger_magnitudes(magnitudes, turned); });
  const float m = largest(magnitudes);
  *scale = m / 127.0f;
  codes_of_row(codes, 127.0f / m, y, stride);
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
