#include "kernels/cuda/embedding.hpp"
#include "kernels/cuda/pool_score.hpp"
#include "kernels/cuda/rms_norm.hpp"
#include "kernels/cuda/rope.hpp"
#include "kernels/cuda/swiglu.hpp"
#include "tests/cuda/device_array.hpp"
#include "tests/cuda/stored_numbers.hpp"

// The ops whose rows are independent: rms_norm, swiglu, embedding and rope; what all
// do with no rows or with wrong ones, pool_score too.

using namespace reranker::kernels::cuda;
using namespace reranker::kernels::cuda::test;

namespace {

constexpr float kEps = 1e-5f;

/// Rows as they are stored; e4m3 rows with their scales.
struct Rows {
  Bytes bytes;
  std::vector<float> scales;
};

/// What the numbers stand for.
Numbers values(const Rows& rows, Type type, std::int64_t width) {
  Numbers numbers = load(rows.bytes, type);
  if (type == Type::e4m3)
    for (std::size_t i = 0; i < numbers.size(); ++i)
      numbers[i] *= static_cast<double>(rows.scales[i / static_cast<std::size_t>(width)]);
  return numbers;
}

Rows rms_norm_rows(const Numbers& x, const Numbers& weight, Type type) {
  const auto dim = static_cast<std::int64_t>(weight.size());
  const auto tokens = static_cast<std::int64_t>(x.size()) / dim;
  const DeviceArray<unsigned char> in(store(x, Type::fp32)), w(store(weight, Type::fp32));
  const DeviceArray<unsigned char> out(x.size() * static_cast<std::size_t>(size_in_bytes(type)));
  const DeviceArray<float> scales(static_cast<std::size_t>(tokens));
  const RmsNormArgs args{out.get(),
                         type == Type::e4m3 ? scales.get() : nullptr,
                         reinterpret_cast<const float*>(in.get()),
                         reinterpret_cast<const float*>(w.get()),
                         static_cast<std::int32_t>(tokens),
                         static_cast<std::int32_t>(dim),
                         kEps,
                         type};
  REQUIRE(rms_norm(args, nullptr) == kSuccess);
  return {out.read(), type == Type::e4m3 ? scales.read() : std::vector<float>{}};
}

Numbers rms_norm_expected(const Numbers& x, const Numbers& weight) {
  Numbers out(x.size());
  const std::size_t dim = weight.size();
  for (std::size_t t = 0; t < x.size() / dim; ++t) {
    double squares = 0.0;
    for (std::size_t i = 0; i < dim; ++i) squares += x[t * dim + i] * x[t * dim + i];
    const double r = 1.0 / std::sqrt(squares / static_cast<double>(dim) + kEps);
    for (std::size_t i = 0; i < dim; ++i) out[t * dim + i] = x[t * dim + i] * r * weight[i];
  }
  return out;
}

Rows swiglu_rows(const Numbers& gate_up, std::int64_t dim, Type type_in, Type type) {
  const auto tokens = static_cast<std::int64_t>(gate_up.size()) / (2 * dim);
  const DeviceArray<unsigned char> in(store(gate_up, type_in));
  const DeviceArray<unsigned char> out(
      static_cast<std::size_t>(tokens * dim * size_in_bytes(type)));
  const DeviceArray<float> scales(static_cast<std::size_t>(tokens));
  const SwigluArgs args{out.get(),
                        type == Type::e4m3 ? scales.get() : nullptr,
                        in.get(),
                        static_cast<std::int32_t>(tokens),
                        static_cast<std::int32_t>(dim),
                        type_in,
                        type};
  REQUIRE(swiglu(args, nullptr) == kSuccess);
  return {out.read(), type == Type::e4m3 ? scales.read() : std::vector<float>{}};
}

Numbers swiglu_expected(const Numbers& gate_up, std::int64_t dim) {
  Numbers out;
  for (std::int64_t row = 0; row < static_cast<std::int64_t>(gate_up.size()) / (2 * dim); ++row) {
    const Numbers both = row_of(gate_up, row, 2 * dim);
    for (std::size_t i = 0; i < both.size() / 2; ++i)
      out.push_back(both[i] / (1.0 + std::exp(-both[i])) * both[both.size() / 2 + i]);
  }
  return out;
}

/// Every number within one rounding of its row's scale.
void check_e4m3(const Rows& rows, const Numbers& expected, std::int64_t dim) {
  const Numbers found = values(rows, Type::e4m3, dim);
  for (std::size_t t = 0; t < rows.scales.size(); ++t) {
    const auto row = row_of(expected, static_cast<std::int64_t>(t), dim);
    double largest = 0.0;
    for (const double v : row) largest = std::max(largest, std::fabs(v));
    const double scale = largest > 0.0 ? largest / 448.0 : 1.0;
    CHECK(std::fabs(rows.scales[t] - scale) <= 1e-5 * scale);
    for (std::size_t i = 0; i < row.size(); ++i) {
      const double allowed = std::max(std::fabs(row[i]) * 0x1p-4, scale * 0x1p-10) * 1.001;
      REQUIRE(std::fabs(found[t * row.size() + i] - row[i]) <= allowed);
    }
  }
}

}  // namespace

TEST_CASE("rms_norm on a device agrees with its formula", "[rms_norm]") {
  const auto type = GENERATE(Type::fp32, Type::bf16, Type::fp16, Type::e4m3);
  const auto dim = GENERATE(8, 24, 576, 1000, 384, 2048, 4104);
  const auto tokens = GENERATE(1, 3);
  const Numbers x = rounded(random_numbers(tokens * dim, 1, 20.0), Type::fp32);
  const Numbers weight = rounded(random_numbers(dim, 2), Type::fp32);
  const Numbers expected = rms_norm_expected(x, weight);

  const Rows found = rms_norm_rows(x, weight, type);

  INFO(name(type) << " " << dim << " " << tokens);
  CHECK(relative_error(values(found, type, dim), expected) <= tolerance(type));
  if (type == Type::e4m3) check_e4m3(found, expected, dim);
}

TEST_CASE("rms_norm on a device gives a row of zeros and one of huge numbers", "[rms_norm]") {
  const auto type = GENERATE(Type::fp32, Type::bf16, Type::e4m3);
  constexpr std::int64_t kDim = 64;
  Numbers x(2 * kDim, 0.0);
  for (std::size_t i = kDim; i < x.size(); ++i)
    x[i] = rounded(i % 2 == 0 ? 1e15 : -3e15, Type::fp32);
  const Numbers weight(kDim, 1.0);

  const Rows found = rms_norm_rows(x, weight, type);

  const Numbers numbers = values(found, type, kDim);
  CHECK(row_of(numbers, 0, kDim) == Numbers(kDim, 0.0));
  CHECK(relative_error(row_of(numbers, 1, kDim), rms_norm_expected(row_of(x, 1, kDim), weight)) <=
        tolerance(type));
  if (type == Type::e4m3) CHECK(found.scales[0] == 1.0f);
}

TEST_CASE("rms_norm on a device gives a row the same bits alone and beside NaNs", "[rms_norm]") {
  const auto type = GENERATE(Type::fp32, Type::bf16, Type::fp16, Type::e4m3);
  const auto dim = GENERATE(40, 2048);
  const Numbers x = random_numbers(5 * dim, 3);
  const Numbers weight = random_numbers(dim, 4);

  const Rows all = rms_norm_rows(with_nan_rows(x, dim), weight, type);

  for (const int row : {0, 2, 4}) {
    const Rows alone = rms_norm_rows(row_of(x, row, dim), weight, type);
    CHECK(alone.bytes == row_of(all.bytes, row, dim * size_in_bytes(type)));
    if (type == Type::e4m3) CHECK(alone.scales[0] == all.scales[static_cast<std::size_t>(row)]);
  }
}

TEST_CASE("swiglu on a device agrees with its formula", "[swiglu]") {
  const auto [type_in, type] = GENERATE(table<Type, Type>({{Type::fp32, Type::fp32},
                                                           {Type::bf16, Type::bf16},
                                                           {Type::fp16, Type::fp16},
                                                           {Type::bf16, Type::e4m3},
                                                           {Type::fp16, Type::e4m3}}));
  const auto dim = GENERATE(8, 24, 1000, 1536, 8192);
  const auto tokens = GENERATE(1, 3);
  const Numbers gate_up = rounded(random_numbers(tokens * 2 * dim, 1, 8.0), type_in);
  const Numbers expected = swiglu_expected(gate_up, dim);

  const Rows found = swiglu_rows(gate_up, dim, type_in, type);

  INFO(name(type_in) << " -> " << name(type) << " " << dim << " " << tokens);
  CHECK(relative_error(values(found, type, dim), expected) <= tolerance(type));
  if (type == Type::e4m3) check_e4m3(found, expected, dim);
}

TEST_CASE("swiglu on a device closes gates far below zero", "[swiglu]") {
  const Numbers gate_up = {-200.0, -100.0, -90.0, -88.0, 0.0, 88.0, 100.0, 200.0,
                           3.0,    3.0,    3.0,   3.0,   3.0, 3.0,  3.0,   3.0};

  const Numbers found = load(swiglu_rows(gate_up, 8, Type::fp32, Type::fp32).bytes, Type::fp32);

  const Numbers expected = swiglu_expected(gate_up, 8);
  for (std::size_t i = 0; i < found.size(); ++i)
    CHECK(std::fabs(found[i] - expected[i]) <= 1e-5 * std::fabs(expected[i]) + 1e-30);
}

TEST_CASE("swiglu on a device gives a row the same bits alone and beside NaNs", "[swiglu]") {
  const auto type = GENERATE(Type::bf16, Type::e4m3);
  const auto dim = GENERATE(40, 1536);
  const Numbers gate_up = random_numbers(5 * 2 * dim, 5, 4.0);

  const Rows all = swiglu_rows(with_nan_rows(gate_up, 2 * dim), dim, Type::bf16, type);

  for (const int row : {0, 2, 4}) {
    const Rows alone = swiglu_rows(row_of(gate_up, row, 2 * dim), dim, Type::bf16, type);
    CHECK(alone.bytes == row_of(all.bytes, row, dim * size_in_bytes(type)));
    if (type == Type::e4m3) CHECK(alone.scales[0] == all.scales[static_cast<std::size_t>(row)]);
  }
}

TEST_CASE("swiglu on a device gives e4m3 rows of zeros, and of one number", "[swiglu]") {
  constexpr std::int64_t kDim = 64;
  Numbers gate_up(2 * 2 * kDim, 0.0);
  gate_up[2 * kDim + 3] = -0x1p-10;
  gate_up[3 * kDim + 3] = 0x1p-10;

  const Rows found = swiglu_rows(gate_up, kDim, Type::bf16, Type::e4m3);

  CHECK(found.scales[0] == 1.0f);
  CHECK(row_of(values(found, Type::e4m3, kDim), 0, kDim) == Numbers(kDim, 0.0));
  check_e4m3(found, swiglu_expected(gate_up, kDim), kDim);
}

TEST_CASE("embedding on a device gives the rows of the table", "[embedding]") {
  const auto type = GENERATE(Type::fp32, Type::bf16, Type::fp16);
  const auto dim = GENERATE(8, 40, 384, 2056);
  constexpr std::int64_t kVocabulary = 7;
  const Bytes table = store(random_numbers(kVocabulary * dim, 6), type);
  const std::vector<std::int32_t> ids = {6, 0, 3, 3, 5};
  const DeviceArray<unsigned char> rows(table);
  const DeviceArray<std::int32_t> places(ids);
  const DeviceArray<float> out(ids.size() * static_cast<std::size_t>(dim));

  REQUIRE(embedding({out.get(), rows.get(), places.get(), 5, dim, type}, nullptr) == kSuccess);

  Numbers expected;
  for (const int id : ids)
    for (const double v : row_of(load(table, type), id, dim)) expected.push_back(v);
  const std::vector<float> found = out.read();
  CHECK(Numbers(found.begin(), found.end()) == expected);
}

TEST_CASE("rope on a device turns queries and keys and leaves values", "[rope]") {
  const auto type = GENERATE(Type::fp32, Type::bf16, Type::fp16);
  const auto [heads, kv_heads, head_dim] = GENERATE(table<int, int, int>(
      {{1, 1, 16}, {3, 1, 48}, {9, 3, 64}, {32, 8, 64}, {24, 8, 128}, {12, 12, 32}}));
  constexpr std::int64_t kPositions = 9;
  const std::vector<std::int32_t> positions = {0, 1, 8, 0, 5};
  const auto tokens = static_cast<std::int64_t>(positions.size());
  const std::int64_t width = (heads + 2 * kv_heads) * head_dim;
  const std::int64_t half = head_dim / 2;
  const Numbers before = rounded(random_numbers(tokens * width, 7), type);
  const Numbers angles = rounded(random_numbers(kPositions * head_dim, 8), Type::fp32);
  const DeviceArray<unsigned char> qkv(store(before, type)), table(store(angles, Type::fp32));
  const DeviceArray<std::int32_t> where(positions);

  REQUIRE(rope({qkv.get(), reinterpret_cast<const float*>(table.get()), where.get(),
                static_cast<std::int32_t>(tokens), heads, kv_heads, head_dim, type},
               nullptr) == kSuccess);

  Numbers expected = before;
  for (std::int64_t t = 0; t < tokens; ++t)
    for (std::int64_t h = 0; h < heads + kv_heads; ++h)
      for (std::int64_t i = 0; i < half; ++i) {
        const auto a = static_cast<std::size_t>(t * width + h * head_dim + i);
        const std::size_t b = a + static_cast<std::size_t>(half);
        const auto at =
            static_cast<std::size_t>(positions[static_cast<std::size_t>(t)] * head_dim + i);
        const double cosine = angles[at];
        const double sine = angles[at + static_cast<std::size_t>(half)];
        expected[a] = before[a] * cosine - before[b] * sine;
        expected[b] = before[b] * cosine + before[a] * sine;
      }
  const Numbers found = load(qkv.read(), type);
  CHECK(relative_error(found, expected) <= tolerance(type));
  const std::int64_t values_at = (heads + kv_heads) * head_dim;
  for (std::int64_t t = 0; t < tokens; ++t) {
    const Numbers row = row_of(found, t, width);
    const Numbers old = row_of(before, t, width);
    CHECK(std::equal(row.begin() + values_at, row.end(), old.begin() + values_at));
  }
}

TEST_CASE("the row kernels do nothing with no tokens", "[rows]") {
  CHECK(rms_norm({nullptr, nullptr, nullptr, nullptr, 0, 64, kEps, Type::bf16}, nullptr) ==
        kSuccess);
  CHECK(swiglu({nullptr, nullptr, nullptr, 0, 64, Type::bf16, Type::bf16}, nullptr) == kSuccess);
  CHECK(embedding({nullptr, nullptr, nullptr, 0, 64, Type::bf16}, nullptr) == kSuccess);
  CHECK(rope({nullptr, nullptr, nullptr, 0, 2, 1, 64, Type::bf16}, nullptr) == kSuccess);
  CHECK(pool_score({nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, 0, 0, 64, kEps, 1.0f},
                   nullptr) == kSuccess);
}

TEST_CASE("the row kernels refuse what they were not built for", "[rows]") {
  CHECK(rms_norm({nullptr, nullptr, nullptr, nullptr, 1, 1 << 20, kEps, Type::bf16}, nullptr) !=
        kSuccess);
  CHECK(swiglu({nullptr, nullptr, nullptr, 1, 64, Type::bf16, Type::fp16}, nullptr) != kSuccess);
  CHECK(embedding({nullptr, nullptr, nullptr, 1, 64, Type::e4m3}, nullptr) != kSuccess);
  CHECK(rope({nullptr, nullptr, nullptr, 1, 2, 1, 64, Type::e4m3}, nullptr) != kSuccess);
}
