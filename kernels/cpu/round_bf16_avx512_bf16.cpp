#include "kernels/cpu/tables.hpp"
#include "kernels/cpu/vector_avx512_bf16.hpp"

// Not by vcvtneps2bf16, which makes zeros of denormals.

namespace reranker::kernels {
namespace {

constexpr std::int64_t kStep = 2 * kNumPartials;  // bf16_stride is a multiple of it

// Sixteen values of a row from i on, zeros outside of `lanes`.
struct Plain {
  const float* x;
  Floats at(std::int64_t i, Lanes lanes) const { return load_lanes(x + i, lanes); }
};

struct Normed {
  const float* x;
  const float* weight;
  Floats r;
  Floats at(std::int64_t i, Lanes lanes) const {
    const Floats scaled = mul(load_lanes(x + i, lanes), r);
    return mul_lanes(lanes, scaled, load_lanes(weight + i, lanes));
  }
};

template <typename Row>
void round_row(std::uint16_t* y, std::int64_t dim, const Row& row) {
  const Lanes all = first_lanes(kNumPartials);
  std::int64_t i = 0;
  for (; i + kStep <= dim; i += kStep)
    store_rounded(y + i, row.at(i, all), row.at(i + kNumPartials, all));
  if (i == dim) return;
  const std::int64_t left = dim - i;
  const std::int64_t low = left < kNumPartials ? left : kNumPartials;
  store_rounded(y + i, row.at(i, first_lanes(low)),
                row.at(i + kNumPartials, first_lanes(left - low)));
}

void round_bf16_avx512_bf16(const RoundBf16Args& args, const Plan& plan, std::int64_t task, void*) {
  const RowRange tokens = part_of(args.num_tokens, task, plan.num_tasks);
  for (std::int64_t t = tokens.begin; t < tokens.end; ++t)
    round_row(args.y + t * bf16_stride(args.dim), args.dim, Plain{args.x + t * args.dim});
}

void rms_norm_bf16_avx512_bf16(const RmsNormBf16Args& args, const Plan& plan, std::int64_t task,
                               void*) {
  const RowRange tokens = part_of(args.num_tokens, task, plan.num_tasks);
  for (std::int64_t t = tokens.begin; t < tokens.end; ++t) {
    const float* x = args.x + t * args.dim;
    round_row(args.y + t * bf16_stride(args.dim), args.dim,
              Normed{x, args.weight, fill(inverse_rms(x, args.dim, args.eps))});
  }
}

}  // namespace

void add_round_bf16_avx512_bf16(CpuKernels& table) {
  table.round_bf16 = round_bf16_avx512_bf16;
  table.rms_norm_bf16 = rms_norm_bf16_avx512_bf16;
}

}  // namespace reranker::kernels
