#include "kernels/cpu/bf16_layout.hpp"
#include "kernels/cpu/bf16_outputs_avx512.hpp"
#include "kernels/cpu/tables.hpp"
#include "kernels/cpu/tile_product.hpp"
#include "kernels/cpu/tiles_amx.hpp"

// Its arithmetic is tested in plain C++ (tiles_portable.hpp). On a processor with AMX it has not
// run yet: neither its speed nor the best sizes of its blocks are known. amx_kernels() of
// cpu_kernels.cpp tries it before it is taken.

namespace reranker::kernels {
namespace {

std::int64_t row_bytes(const LinearBf16Args& args) {
  return bf16_stride(args.weights.k) * 2;
}

Plan plan_linear_bf16_amx(const LinearBf16Args& args, int num_threads) {
  if (args.num_tokens == 0) return {0, 0, 0, 0};
  const std::int64_t rows = smaller(args.num_tokens, max_task_rows(row_bytes(args)));
  const Cut cut =
      cut_product({args.num_tokens, rows, num_panel_pairs(args.weights), false}, num_threads);
  return plan_of(cut, rows * kPair * 4);
}

void linear_bf16_amx(const LinearBf16Args& args, const Plan& plan, std::int64_t task,
                     void* scratch) {
  const auto [tokens, pairs] =
      part_of_product(plan, task, args.num_tokens, num_panel_pairs(args.weights));
  const std::int64_t count = tokens.end - tokens.begin;

  auto* sums = static_cast<float*>(scratch);  // (count, 32)
  const TileProduct product{
      reinterpret_cast<const char*>(args.x + tokens.begin * bf16_stride(args.weights.k)),
      row_bytes(args),
      count,
      static_cast<char*>(scratch),
      kPair * 4,
      kPanel * 4};
  const auto finish_rows = finish_of(args.epilogue);
  for (std::int64_t pair = pairs.begin; pair < pairs.end; ++pair) {
    multiply_panels<TilesOfPairs<AmxTiles>>(
        product, static_cast<const char*>(args.packed) + pair * kPair * row_bytes(args),
        smaller(2, num_panels(args.weights) - 2 * pair));
    finish_rows(args, sums, tokens.begin, count, place_of(args, pair));
  }
  AmxTiles::release();
}

}  // namespace

void add_linear_bf16_amx(CpuKernels& table) {
  table.bf16_sequence = "amx";
  table.bf16_sums = Bf16Sums::tiles;
  table.plan_linear_bf16 = plan_linear_bf16_amx;
  table.linear_bf16 = linear_bf16_amx;
}

}  // namespace reranker::kernels
