#include "kernels/cpu/bf16_words_avx2.hpp"
#include "kernels/cpu/tables.hpp"
#include "kernels/cpu/vector_avx2.hpp"

namespace reranker::kernels {
namespace {

// Eight values of a row from i on, zeros where there are fewer.
struct Plain {
  const float* x;
  std::int64_t dim;
  __m256 at(std::int64_t i) const { return load_first(x + i, dim - i); }
  __m256 whole(std::int64_t i) const { return _mm256_loadu_ps(x + i); }
};

struct Normed {
  const float* x;
  const float* weight;
  __m256 r;
  std::int64_t dim;
  __m256 at(std::int64_t i) const {
    const __m256 scaled = _mm256_mul_ps(load_first(x + i, dim - i), r);
    const __m256 y = _mm256_mul_ps(scaled, load_first(weight + i, dim - i));
    return _mm256_and_ps(y, _mm256_castsi256_ps(first_lanes(dim - i)));  // zero also if r is NaN
  }
  __m256 whole(std::int64_t i) const {
    return _mm256_mul_ps(_mm256_mul_ps(_mm256_loadu_ps(x + i), r), _mm256_loadu_ps(weight + i));
  }
};

void store_words(std::uint16_t* to, __m256i words) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), words);
}

template <typename Row>
void round_row(std::uint16_t* y, const Row& row) {
  std::int64_t i = 0;
  for (; i + 16 <= row.dim; i += 16)
    store_words(y + i, rounded_words(row.whole(i), row.whole(i + 8)));
  for (; i < bf16_stride(row.dim); i += 16)
    store_words(y + i, rounded_words(row.at(i), row.at(i + 8)));
}

void round_bf16_avx2(const RoundBf16Args& args, const Plan& plan, std::int64_t task, void*) {
  const RowRange tokens = part_of(args.num_tokens, task, plan.num_tasks);
  for (std::int64_t t = tokens.begin; t < tokens.end; ++t)
    round_row(args.y + t * bf16_stride(args.dim), Plain{args.x + t * args.dim, args.dim});
}

void rms_norm_bf16_avx2(const RmsNormBf16Args& args, const Plan& plan, std::int64_t task, void*) {
  const RowRange tokens = part_of(args.num_tokens, task, plan.num_tasks);
  for (std::int64_t t = tokens.begin; t < tokens.end; ++t) {
    const float* x = args.x + t * args.dim;
    const __m256 r = _mm256_set1_ps(inverse_rms(x, args.dim, args.eps));
    round_row(args.y + t * bf16_stride(args.dim), Normed{x, args.weight, r, args.dim});
  }
}

}  // namespace

void add_round_bf16_avx2(CpuKernels& table) {
  table.round_bf16 = round_bf16_avx2;
  table.rms_norm_bf16 = rms_norm_bf16_avx2;
}

}  // namespace reranker::kernels
