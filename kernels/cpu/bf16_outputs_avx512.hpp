#pragma once

#include "kernels/cpu/cuts.hpp"
#include "kernels/cpu/finish_avx512.hpp"
#include "kernels/cpu/linear_layout.hpp"
#include "kernels/linear_bf16.hpp"

// From sums of two panels to outputs. For linear_bf16_<isa>.cpp only: everything is local to the
// file that includes it.

namespace reranker::kernels {
namespace {

inline constexpr std::int64_t kPair = 2 * kPanel;  // sums of a row

/// Where a row's outputs of a unit are: `column` of `n`.
struct Place {
  std::int64_t n;
  std::int64_t column;
};

/// Of two panels, the `unit`-th; with swiglu those of a gate and its up. The last panel of a matrix
/// may be alone.
inline Place place_of(const LinearBf16Args& args, std::int64_t unit) {
  if (args.epilogue == Epilogue::swiglu) return {args.weights.n / 2, unit * kPanel};
  return {args.weights.n, unit * kPair};
}

/// Sums (count, 32) of a unit into rows [row, row + count) of `out`.
template <Epilogue epilogue>
void finish(const LinearBf16Args& args, const float* sums, std::int64_t row, std::int64_t count,
            const Place& place) {
  const std::int64_t lanes = place.n - place.column;
  for (std::int64_t r = 0; r < count; ++r, sums += kPair) {
    const std::int64_t at = (row + r) * place.n + place.column;
    if (epilogue == Epilogue::swiglu) {
      store_first(args.out + at, mul(silu_of(load(sums)), load(sums + kPanel)), lanes);
      continue;
    }
    finish_sixteen<epilogue>(args, sums, at, place.column, lanes);
    if (lanes > kPanel)
      finish_sixteen<epilogue>(args, sums + kPanel, at + kPanel, place.column + kPanel,
                               lanes - kPanel);
  }
}

inline auto finish_of(Epilogue epilogue) {
  return epilogue == Epilogue::store  ? finish<Epilogue::store>
         : epilogue == Epilogue::add  ? finish<Epilogue::add>
         : epilogue == Epilogue::gelu ? finish<Epilogue::gelu>
                                      : finish<Epilogue::swiglu>;
}

}  // namespace
}  // namespace reranker::kernels
