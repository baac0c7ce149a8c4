#pragma once

#include "kernels/cpu/int8_tasks.hpp"
#include "kernels/cpu/tile_product.hpp"

// linear_int8 by tile_product.hpp. `Outputs` has the names that int8_tasks.hpp turns sums into
// outputs by. For linear_int8_amx.cpp only: everything is local to the file that includes it.

namespace reranker::kernels {
namespace {

inline Plan plan_linear_int8_tiles(const LinearInt8Args& args, int num_threads) {
  if (args.num_tokens == 0) return {0, 0, 0, 0};
  const LinearWeights& shape = args.weights.shape;
  const std::int64_t rows = smaller(args.num_tokens, max_task_rows(int8_stride(shape.k)));
  const Cut cut = cut_product({args.num_tokens, rows, num_panel_pairs(shape), false}, num_threads);
  return plan_of(cut, 2 * rows * kPanel * 4);
}

template <typename Tiles, typename Outputs>
void linear_int8_tiles(const LinearInt8Args& args, const Plan& plan, std::int64_t task,
                       void* scratch) {
  const LinearWeights& shape = args.weights.shape;
  const std::int64_t stride = int8_stride(shape.k);
  const auto [tokens, pairs] = part_of_product(plan, task, args.num_tokens, num_panel_pairs(shape));
  const std::int64_t count = tokens.end - tokens.begin;

  auto* sums = static_cast<std::int32_t*>(scratch);  // (panels, count, 16)
  const TileProduct product{reinterpret_cast<const char*>(args.codes + tokens.begin * stride),
                            stride,
                            count,
                            static_cast<char*>(scratch),
                            kPanel * 4,
                            count * kPanel * 4};
  const Int8Outputs outputs = outputs_of(args);
  const auto finish_rows = finish_of<Outputs>(args.epilogue);
  for (std::int64_t pair = pairs.begin; pair < pairs.end; ++pair) {
    const std::int64_t first = 2 * pair;
    const std::int64_t last = smaller(first + 2, num_panels(shape));
    multiply_panels<TilesOfCodes<Tiles>>(
        product, static_cast<const char*>(args.packed) + first * stride * kPanel, last - first);
    finish_rows(args, outputs, sums, tokens.begin, count, first, last);
  }
  Tiles::release();
}

}  // namespace
}  // namespace reranker::kernels
