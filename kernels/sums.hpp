#pragma once

// The rule by which every sum over a row is taken, on every instruction set:
//
//   p[0..15] = +0;  for i in order: p[i mod 16] = fma(a[i], b[i], p[i mod 16])   (a dot product)
//                                or p[i mod 16] = p[i mod 16] + a[i]             (a plain sum)
//   then  p[j] += p[j + 8], j < 8;  p[j] += p[j + 4], j < 4;  p[j] += p[j + 2], j < 2;  p[0] + p[1]
//
// Elements that do not exist touch no partial sum, not even by adding zero.

namespace reranker::kernels {

constexpr int kNumPartials = 16;

}  // namespace reranker::kernels
