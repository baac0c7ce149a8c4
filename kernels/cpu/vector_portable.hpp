#pragma once

#include <cmath>
#include <cstdint>

#include "kernels/cpu/widen.hpp"
#include "kernels/sums.hpp"

// The names of vector_avx512.hpp in plain C++, which see: slow, and the same bits. For tests.

namespace reranker::kernels {
namespace {

struct Floats {
  float lane[kNumPartials];
};
using Lanes = std::uint16_t;

/// Lane j is f(j).
template <typename Function>
inline Floats each(Function f) {
  Floats y;
  for (int j = 0; j < kNumPartials; ++j) y.lane[j] = f(j);
  return y;
}

/// Lanes j where f(j).
template <typename Function>
inline Lanes lanes_where(Function f) {
  unsigned lanes = 0;
  for (int j = 0; j < kNumPartials; ++j) lanes |= f(j) ? 1u << j : 0u;
  return static_cast<Lanes>(lanes);
}

inline bool has(Lanes lanes, int j) {
  return (lanes >> j & 1) != 0;
}

inline Lanes first_lanes(std::int64_t count) {
  return lanes_where([&](int j) { return j < count; });
}
inline Lanes less(Floats a, Floats b) {
  return lanes_where([&](int j) { return a.lane[j] < b.lane[j]; });
}
inline Lanes at_most(Floats a, Floats b) {
  return lanes_where([&](int j) { return a.lane[j] <= b.lane[j]; });
}
inline Floats pick(Lanes lanes, Floats a, Floats b) {
  return each([&](int j) { return has(lanes, j) ? a.lane[j] : b.lane[j]; });
}

inline Floats zeros() {
  return each([](int) { return 0.0f; });
}
inline Floats fill(float x) {
  return each([&](int) { return x; });
}
inline Floats load(const float* from) {
  return each([&](int j) { return from[j]; });
}
inline Floats load_lanes(const float* from, Lanes lanes) {
  return each([&](int j) { return has(lanes, j) ? from[j] : 0.0f; });
}
inline void store(float* to, Floats x) {
  for (int j = 0; j < kNumPartials; ++j) to[j] = x.lane[j];
}
inline void store_lanes(float* to, Floats x, Lanes lanes) {
  for (int j = 0; j < kNumPartials; ++j)
    if (has(lanes, j)) to[j] = x.lane[j];
}

inline Floats add(Floats a, Floats b) {
  return each([&](int j) { return a.lane[j] + b.lane[j]; });
}
inline Floats sub(Floats a, Floats b) {
  return each([&](int j) { return a.lane[j] - b.lane[j]; });
}
inline Floats mul(Floats a, Floats b) {
  return each([&](int j) { return a.lane[j] * b.lane[j]; });
}
inline Floats mul_lanes(Lanes lanes, Floats a, Floats b) {
  return pick(lanes, mul(a, b), zeros());
}
inline Floats div(Floats a, Floats b) {
  return each([&](int j) { return a.lane[j] / b.lane[j]; });
}
inline Floats fma(Floats a, Floats b, Floats c) {
  return each([&](int j) { return std::fma(a.lane[j], b.lane[j], c.lane[j]); });
}
inline Floats fnma(Floats a, Floats b, Floats c) {
  return each([&](int j) { return std::fma(-a.lane[j], b.lane[j], c.lane[j]); });
}
inline Floats max_of(Floats a, Floats b) {
  return each([&](int j) { return a.lane[j] > b.lane[j] ? a.lane[j] : b.lane[j]; });
}
inline Floats negate(Floats x) {
  return each([&](int j) { return -x.lane[j]; });
}
inline Floats magnitude_of(Floats x) {
  return each([&](int j) { return std::fabs(x.lane[j]); });
}
inline Floats with_sign(Floats x, Floats from) {
  return each([&](int j) { return std::copysign(x.lane[j], from.lane[j]); });
}
inline float square_root(float x) {
  return std::sqrt(x);
}

inline Floats as_exponent(Floats x) {
  return each([&](int j) { return bits_of<float>(bits_of<std::uint32_t>(x.lane[j]) << 23); });
}
inline Floats add_bits(Floats a, Floats b) {
  return each([&](int j) {
    return bits_of<float>(bits_of<std::uint32_t>(a.lane[j]) + bits_of<std::uint32_t>(b.lane[j]));
  });
}

inline Floats widen_bf16(const std::uint16_t* from, Lanes lanes) {
  return each([&](int j) { return has(lanes, j) ? widen_bf16(from[j]) : 0.0f; });
}
inline Floats widen_fp16(const std::uint16_t* from, Lanes lanes) {
  return each([&](int j) { return has(lanes, j) ? widen_fp16(from[j]) : 0.0f; });
}
inline Floats widen_panel(const std::uint16_t* step) {
  return each([&](int j) { return widen_bf16(step[j % 8 * 2 + j / 8]); });
}

inline float tree_sum(Floats p) {
  for (int width = kNumPartials / 2; width > 0; width /= 2)
    for (int j = 0; j < width; ++j) p.lane[j] += p.lane[j + width];
  return p.lane[0];
}

inline float largest(Floats x) {
  for (int j = 1; j < kNumPartials; ++j) x.lane[0] = x.lane[0] > x.lane[j] ? x.lane[0] : x.lane[j];
  return x.lane[0];
}

inline void transpose_16x16(Floats (&m)[kNumPartials]) {
  Floats columns[kNumPartials];
  for (int i = 0; i < kNumPartials; ++i) columns[i] = each([&](int j) { return m[j].lane[i]; });
  for (int i = 0; i < kNumPartials; ++i) m[i] = columns[i];
}

}  // namespace
}  // namespace reranker::kernels
