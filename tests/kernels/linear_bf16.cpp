#include <algorithm>
#include <tuple>

#include "kernels/cpu/bf16_layout.hpp"
#include "tests/kernels/bf16_tables.hpp"

using namespace reranker::kernels;
using namespace reranker::kernels::test;

namespace {

/// Weights as a checkpoint has them, and what they are in floats.
struct Weights {
  LinearWeights shape;
  Words words;
  std::vector<float> floats;

  const char* row(std::int64_t r) const {
    return shape.type == WeightType::fp32
               ? reinterpret_cast<const char*>(floats.data() + r * shape.k)
               : reinterpret_cast<const char*>(words.data() + r * shape.k);
  }
};

Weights random_weights(const LinearWeights& shape) {
  Weights w{shape, {}, {}};
  const std::int64_t count = shape.n * shape.k;
  if (shape.type == WeightType::bf16) w.words = random_bf16(count, 7);
  if (shape.type == WeightType::fp16) w.words = random_fp16(count, 7);
  if (shape.type == WeightType::fp32) w.floats = random_floats(count, 7);
  for (const auto word : w.words)
    w.floats.push_back(shape.type == WeightType::bf16 ? from_bf16(word) : from_fp16(word));
  return w;
}

/// Packs in pieces of `piece` rows, the last one first.
void pack(const CpuKernels& kernels, const Weights& w, const Buffer& packed, std::int64_t piece) {
  for (std::int64_t row = (w.shape.n - 1) / piece * piece; row >= 0; row -= piece)
    kernels.pack_linear_bf16(
        {w.shape, packed.data(), w.row(row), row, std::min(piece, w.shape.n - row)});
}

/// x: rows as round_bf16 makes them.
std::vector<float> linear(const CpuKernels& kernels, const Weights& w, const Words& x,
                          Epilogue epilogue, const std::vector<float>& residual = {},
                          int num_threads = 1, const float* bias = nullptr) {
  const Buffer packed(packed_linear_bf16_bytes(w.shape));
  pack(kernels, w, packed, w.shape.n);
  const std::int64_t tokens = static_cast<std::int64_t>(x.size()) / bf16_stride(w.shape.k);
  const std::int64_t columns = epilogue == Epilogue::swiglu ? w.shape.n / 2 : w.shape.n;
  std::vector<float> out(static_cast<std::size_t>(tokens * columns), NAN);
  run({w.shape, packed.data(), out.data(), x.data(), residual.data(), tokens, epilogue, bias},
      kernels.plan_linear_bf16, kernels.linear_bf16, num_threads);
  return out;
}

Words random_rows(std::int64_t tokens, std::int64_t k, unsigned seed) {
  return round_bf16(generic_kernels(), random_floats(tokens * k, seed), k);
}

Matrix exact_rows(const Words& x, std::int64_t tokens, std::int64_t k) {
  Matrix m(tokens, k);
  for (std::int64_t t = 0; t < tokens; ++t)
    for (std::int64_t i = 0; i < k; ++i)
      m(t, i) = from_bf16(x[static_cast<std::size_t>(t * bf16_stride(k) + i)]);
  return m;
}

/// The weights that are packed: to the nearest bf16.
Matrix exact_weights(const Weights& w) {
  return exact_rows(round_bf16(generic_kernels(), w.floats, w.shape.k), w.shape.n, w.shape.k);
}

Matrix silu(const Matrix& x) {
  return x.array() / (1.0 + (-x.array()).exp());
}

const Epilogue kEpilogues[] = {Epilogue::store, Epilogue::add, Epilogue::swiglu, Epilogue::gelu};

LinearWeights shape_for(Epilogue epilogue, std::int64_t n, std::int64_t k,
                        WeightType type = WeightType::bf16) {
  return {n, k, type, epilogue == Epilogue::swiglu ? RowOrder::gate_up : RowOrder::plain};
}

/// With infinities and NaN, whose payload moves to the upper end of the float's.
float from_any_fp16(std::uint16_t word) {
  if ((word & 0x7c00u) != 0x7c00u) return from_fp16(word);
  const std::uint32_t bits = (word & 0x8000u) << 16 | 0x7f800000u | (word & 0x3ffu) << 13;
  float v;
  std::memcpy(&v, &bits, sizeof v);
  return v;
}

/// One output: `before` from the first pair of columns, then x[0] * w[0] and x[1] * w[1] added.
float two_pairs(const CpuKernels& kernels, float before, const std::vector<float>& x,
                const std::vector<float>& w) {
  const Weights weights{{1, 4, WeightType::fp32, RowOrder::plain}, {}, {before, 0, w[0], w[1]}};
  return linear(kernels, weights, round_bf16(kernels, {1, 0, x[0], x[1]}, 4), Epilogue::store)[0];
}

}  // namespace

TEST_CASE("linear_bf16 agrees with double on rounded rows and weights", "[linear_bf16]") {
  const auto type = GENERATE(WeightType::bf16, WeightType::fp16, WeightType::fp32);
  const auto epilogue = GENERATE(from_range(std::begin(kEpilogues), std::end(kEpilogues)));
  const std::int64_t k = GENERATE(1, 19, 111, 257, 600);
  const std::int64_t n = GENERATE(2, 22, 112, 258);
  const std::int64_t tokens = GENERATE(1, 19);
  const auto w = random_weights(shape_for(epilogue, n, k, type));
  const auto x = random_rows(tokens, k, 1);
  const auto residual = random_floats(tokens * n, 2);

  const Matrix y = product(exact_rows(x, tokens, k), exact_weights(w).transpose());
  Matrix expected = y;
  if (epilogue == Epilogue::add) expected += as_matrix(residual, tokens, n).cast<double>();
  if (epilogue == Epilogue::swiglu)
    expected = silu(y.leftCols(n / 2)).cwiseProduct(y.rightCols(n / 2));
  if (epilogue == Epilogue::gelu) expected = exact_gelu(y);

  for (const auto sums : {Bf16Sums::chain, Bf16Sums::tiles})
    CHECK(error(linear(generic_kernels(sums), w, x, epilogue, residual), expected) <
          kProductTolerance);
}

TEST_CASE(
    "linear_bf16 errs hundreds of times less over 8192 columns than rounding its operands did",
    "[linear_bf16]") {
  const std::int64_t k = 8192;
  const auto w = random_weights(shape_for(Epilogue::store, 40, k, WeightType::fp32));
  const auto floats = random_floats(19 * k, 3);
  const auto x = round_bf16(generic_kernels(), floats, k);
  const Matrix exact = product(as_matrix(floats, 19, k).cast<double>(),
                               as_matrix(w.floats, 40, k).cast<double>().transpose());
  const Matrix rounded = product(exact_rows(x, 19, k), exact_weights(w).transpose());
  const auto sums = GENERATE(Bf16Sums::chain, Bf16Sums::tiles);
  const auto y = linear(generic_kernels(sums), w, x, Epilogue::store);
  CHECK(error(y, rounded) < kProductTolerance);
  CHECK(error(y, rounded) < error(y, exact) / 300);
  CHECK(error(y, exact) < 0.005);
}

TEST_CASE("linear_bf16 has the same bits on every instruction set, for any cut into tasks",
          "[linear_bf16][isa]") {
  const auto epilogue = GENERATE(from_range(std::begin(kEpilogues), std::end(kEpilogues)));
  const std::int64_t k = GENERATE(1, 19, 257);
  const std::int64_t n = GENERATE(2, 22, 258);
  const std::int64_t tokens = GENERATE(1, 2, 3, 5, 7, 13, 33, 111);
  const auto w = random_weights(shape_for(epilogue, n, k));
  const auto x = random_rows(tokens, k, 3);
  const auto residual = random_floats(tokens * n, 4);
  const Expected expected(
      [&](const auto& kernels) { return linear(kernels, w, x, epilogue, residual, 3); });
  for (const CpuKernels* kernels : fast_bf16_tables())
    for (const int num_threads : {1, 2, 7, 64})
      CHECK(same_bits(linear(*kernels, w, x, epilogue, residual, num_threads),
                      expected.of(*kernels)));
}

TEST_CASE("linear_bf16 adds a bias before what follows, the same bits on every instruction set",
          "[linear_bf16][isa]") {
  const auto epilogue =
      GENERATE(from_range(std::begin(kBiasedEpilogues), std::end(kBiasedEpilogues)));
  const std::int64_t n = GENERATE(1, 19, 111, 257);
  const std::int64_t tokens = GENERATE(1, 19);
  const auto w = random_weights(shape_for(epilogue, n, 257));
  const auto x = random_rows(tokens, 257, 3);
  const auto residual = random_floats(tokens * n, 4);
  const auto bias = random_floats(n, 5);
  const Expected expected([&](const auto& kernels) {
    return finished(linear(kernels, w, x, Epilogue::store), bias, epilogue, residual);
  });
  for (const CpuKernels* kernels : all_bf16_tables())
    for (const int num_threads : {1, 7})
      CHECK(same_bits(linear(*kernels, w, x, epilogue, residual, num_threads, bias.data()),
                      expected.of(*kernels)));
}

TEST_CASE("linear_bf16 has the same bits over many blocks of columns and rows",
          "[linear_bf16][isa]") {
  const auto [tokens, n, k] = GENERATE(
      std::make_tuple(257, 70, 1037), std::make_tuple(19, 40, 8192), std::make_tuple(70, 34, 9999));
  const auto w = random_weights(shape_for(Epilogue::swiglu, n, k));
  const auto x = random_rows(tokens, k, 5);
  const Expected expected(
      [&](const auto& kernels) { return linear(kernels, w, x, Epilogue::swiglu); });
  for (const CpuKernels* kernels : fast_bf16_tables())
    for (const int num_threads : {1, 5})
      CHECK(same_bits(linear(*kernels, w, x, Epilogue::swiglu, {}, num_threads),
                      expected.of(*kernels)));
}

TEST_CASE("linear_bf16 has the same bits for words of any kind", "[linear_bf16][isa]") {
  // All exponents at once, or those at which products and sums become denormal or infinite.
  const auto [lowest, count] = GENERATE(std::make_tuple(0, 255), std::make_tuple(0, 70),
                                        std::make_tuple(56, 16), std::make_tuple(185, 10));
  std::mt19937 random(11);
  const auto words = [&, lowest = lowest, count = count](std::int64_t size) {
    Words to(static_cast<std::size_t>(size));
    for (auto& word : to) {
      const auto exponent = static_cast<unsigned>(lowest) + random() % static_cast<unsigned>(count);
      word = static_cast<std::uint16_t>((random() & 0x807fu) | exponent << 7);
    }
    return to;
  };
  const Weights w{shape_for(Epilogue::store, 80, 64), words(80 * 64), {}};
  const Words x = words(57 * 64);
  const Expected expected(
      [&](const auto& kernels) { return linear(kernels, w, x, Epilogue::store); });
  const auto with_one_nan = [](std::vector<float> y) {  // which NaN it is, is not defined
    std::replace_if(
        y.begin(), y.end(), [](float v) { return std::isnan(v); }, NAN);
    return y;
  };
  for (const CpuKernels* kernels : fast_bf16_tables())
    CHECK(same_bits(with_one_nan(linear(*kernels, w, x, Epilogue::store)),
                    with_one_nan(expected.of(*kernels))));
}

TEST_CASE("linear_bf16 adds the odd column first and rounds after each", "[linear_bf16]") {
  for (const CpuKernels* kernels : all_bf16_tables()) {
    if (kernels->bf16_sums != Bf16Sums::chain) continue;
    CHECK(two_pairs(*kernels, 1, {0x1p-24f, -1}, {1, 1}) == 0x1p-24f);  // 1 - 1 + 2^-24
    CHECK(two_pairs(*kernels, 1, {-1, 0x1p-24f}, {1, 1}) == 0.0f);      // (1 + 2^-24) - 1
    CHECK(two_pairs(*kernels, -0x1p127f, {-0x1p127f, 0x1p127f}, {1, 2}) == 0.0f);
    CHECK(two_pairs(*kernels, -0x1p127f, {0x1p127f, -0x1p127f}, {2, 1}) == -INFINITY);
  }
}

TEST_CASE("linear_bf16 in tiles adds even columns, odd ones, and then both", "[linear_bf16]") {
  for (const CpuKernels* kernels : all_bf16_tables()) {
    if (kernels->bf16_sums != Bf16Sums::tiles) continue;
    CHECK(two_pairs(*kernels, 1, {0x1p-24f, -1}, {1, 1}) == 0.0f);      // (1 + 2^-24) - 1
    CHECK(two_pairs(*kernels, 1, {-1, 0x1p-24f}, {1, 1}) == 0x1p-24f);  // (1 - 1) + 2^-24
    CHECK(two_pairs(*kernels, -0x1p127f, {0x1p127f, -0x1p127f}, {2, 1}) == 0.0f);
    CHECK(std::isnan(two_pairs(*kernels, -0x1p127f, {-0x1p127f, 0x1p127f}, {1, 2})));
    CHECK(two_pairs(*kernels, 0x1.8p-126f, {0, -0x1p-126f}, {0, 1}) == 0.0f);  // no denormal
  }
}

TEST_CASE("linear_bf16 takes denormal operands for zeros and makes no denormal sums",
          "[linear_bf16]") {
  const float least = 0x1p-126f;
  for (const CpuKernels* kernels : all_bf16_tables()) {
    CHECK(two_pairs(*kernels, 0, {0x1p-127f, 0}, {0x1p127f, 0}) == 0.0f);
    CHECK(two_pairs(*kernels, 0, {0, 1}, {0, 0x1p-127f}) == 0.0f);
    CHECK(two_pairs(*kernels, 0, {0x1p-63f, 0}, {0x1p-63f, 0}) == least);
    CHECK(two_pairs(*kernels, 0, {0x1p-63f, 0}, {0x1p-64f, 0}) == 0.0f);
    CHECK(std::signbit(two_pairs(*kernels, 0, {0x1p-63f, 0}, {-0x1p-64f, 0})) == false);
    CHECK(two_pairs(*kernels, 0x1.8p-126f, {-0x1p-63f, 0}, {0x1p-63f, 0}) == 0.0f);
    // The result is small if it is so with 24 bits of its own: 2^-126 (1 - 2^-24) has them.
    CHECK(two_pairs(*kernels, least, {-0x1p-75f, 0}, {0x1p-75f, 0}) == 0.0f);
    CHECK(two_pairs(*kernels, least, {-0x1p-75f, 0}, {0x1p-76f, 0}) == least);
  }
}

TEST_CASE("linear_bf16 gives a row the same bits among any others", "[linear_bf16]") {
  const std::int64_t k = 1037;
  const auto w = random_weights(shape_for(Epilogue::store, 70, k));
  for (const CpuKernels* kernels : all_bf16_tables()) {
    const bool slow = find_cpu_kernels(kernels->isa) != kernels || kernels == &generic_kernels();
    const std::int64_t tokens = slow ? 19 : 400;
    const auto x = random_rows(tokens, k, 5);
    const auto together = linear(*kernels, w, x, Epilogue::store);
    for (const std::int64_t row : {std::int64_t{0}, tokens / 2, tokens - 1}) {
      const auto stride = bf16_stride(k);
      const Words alone(x.begin() + row * stride, x.begin() + (row + 1) * stride);
      const std::vector<float> same(together.begin() + row * 70, together.begin() + (row + 1) * 70);
      CHECK(same_bits(linear(*kernels, w, alone, Epilogue::store), same));
    }
  }
}

TEST_CASE("linear_bf16 gives fp16 and fp32 weights the bits of the same weights rounded",
          "[linear_bf16]") {
  for (const auto type : {WeightType::fp16, WeightType::fp32}) {
    const auto w = random_weights(shape_for(Epilogue::store, 111, 256, type));
    const Weights rounded{
        shape_for(Epilogue::store, 111, 256), round_bf16(generic_kernels(), w.floats, 256), {}};
    const auto x = random_rows(19, 256, 6);
    for (const CpuKernels* kernels : all_bf16_tables())
      CHECK(same_bits(linear(*kernels, w, x, Epilogue::store),
                      linear(*kernels, rounded, x, Epilogue::store)));
  }
}

TEST_CASE("linear_bf16 adds in place where out is the residual", "[linear_bf16]") {
  const auto w = random_weights(shape_for(Epilogue::add, 111, 257));
  const auto x = random_rows(40, 257, 8);
  const auto residual = random_floats(40 * 111, 9);
  for (const CpuKernels* kernels : all_bf16_tables()) {
    const Buffer packed(packed_linear_bf16_bytes(w.shape));
    pack(*kernels, w, packed, 111);
    auto out = residual;
    run({w.shape, packed.data(), out.data(), x.data(), out.data(), 40, Epilogue::add},
        kernels->plan_linear_bf16, kernels->linear_bf16, 4);
    CHECK(same_bits(out, linear(*kernels, w, x, Epilogue::add, residual)));
  }
}

TEST_CASE("linear_bf16 shows a NaN or an infinity in the row or column that has it",
          "[linear_bf16]") {
  auto w = random_weights({3, 19, WeightType::fp32, RowOrder::plain});
  w.floats[19] = NAN;  // in column 1
  auto floats = random_floats(3 * 19, 10);
  floats[0] = NAN;        // in row 0
  floats[38] = INFINITY;  // in row 2
  for (const CpuKernels* kernels : all_bf16_tables()) {
    const auto y = linear(*kernels, w, round_bf16(*kernels, floats, 19), Epilogue::store);
    CHECK((std::isnan(y[0]) && std::isnan(y[1]) && std::isnan(y[2])));
    CHECK((std::isfinite(y[3]) && std::isnan(y[4]) && std::isfinite(y[5])));
    CHECK((std::isinf(y[6]) && std::isnan(y[7]) && std::isinf(y[8])));
  }
}

TEST_CASE("linear_bf16 of no tokens does nothing", "[linear_bf16]") {
  const auto w = random_weights(shape_for(Epilogue::store, 19, 19));
  for (const CpuKernels* kernels : all_bf16_tables())
    CHECK(linear(*kernels, w, {}, Epilogue::store).empty());
}

TEST_CASE("pack_linear_bf16 gives the same bytes on every instruction set, in pieces of any size",
          "[linear_bf16][pack][isa]") {
  const auto type = GENERATE(WeightType::bf16, WeightType::fp16, WeightType::fp32);
  const auto order = GENERATE(RowOrder::plain, RowOrder::gate_up);
  const std::int64_t n = GENERATE(2, 38, 96, 258);
  const std::int64_t k = GENERATE(1, 33, 111, 256);
  const auto w = random_weights({n, k, type, order});
  const Buffer expected(packed_linear_bf16_bytes(w.shape));
  pack(generic_kernels(), w, expected, n);
  for (const CpuKernels* kernels : all_bf16_tables())
    for (const std::int64_t piece : {std::int64_t{1}, std::int64_t{7}, std::int64_t{48}, n}) {
      const Buffer packed(expected.size());
      pack(*kernels, w, packed, piece);
      CHECK(std::memcmp(packed.data(), expected.data(), expected.size()) == 0);
    }
}

TEST_CASE("pack_linear_bf16 rounds weights of any bits as round_bf16 does", "[linear_bf16][pack]") {
  // 17 rows and columns: in registers and one by one. Exponents of all kinds, NaN among them.
  const auto type = GENERATE(WeightType::fp16, WeightType::fp32);
  std::mt19937 random(12);
  Weights w{shape_for(Epilogue::store, 17, 17, type), {}, std::vector<float>(17 * 17)};
  for (float& v : w.floats) {
    const std::uint32_t bits = random() % 3 == 0 ? random() | 0x7f800000u : random();
    std::memcpy(&v, &bits, sizeof v);
    w.words.push_back(static_cast<std::uint16_t>(bits >> 16));
  }
  if (type == WeightType::fp16)
    std::transform(w.words.begin(), w.words.end(), w.floats.begin(), from_any_fp16);
  const Words rounded = round_bf16(generic_kernels(), w.floats, 17);
  Weights expected{shape_for(Epilogue::store, 17, 17), {}, {}};
  for (std::ptrdiff_t row = 0; row < 17; ++row)
    expected.words.insert(expected.words.end(), rounded.begin() + row * 32,
                          rounded.begin() + row * 32 + 17);
  for (const CpuKernels* kernels : all_bf16_tables()) {
    const Buffer packed(packed_linear_bf16_bytes(w.shape));
    const Buffer same(packed.size());
    pack(*kernels, w, packed, 17);
    pack(*kernels, expected, same, 17);
    CHECK(std::memcmp(packed.data(), same.data(), same.size()) == 0);
  }
}

TEST_CASE("pack_linear_bf16 puts the two columns of a pair into a dword of its row",
          "[linear_bf16][pack]") {
  // Rows 0..16 are a gate, 17..33 an up projection; a weight is 100 times its column and its row.
  Weights w{{34, 3, WeightType::bf16, RowOrder::gate_up}, {}, {}};
  for (int row = 0; row < 34; ++row)
    for (int column = 0; column < 3; ++column)
      w.words.push_back(static_cast<std::uint16_t>(100 * column + row));
  const Buffer packed(packed_linear_bf16_bytes(w.shape));
  REQUIRE(packed.size() == 4 * 16 * 32 * 2);
  pack(generic_kernels(), w, packed, 34);
  const auto* at = static_cast<const std::uint16_t*>(packed.data());
  CHECK(at[0] == 0);
  CHECK(at[1] == 100);
  CHECK(at[30] == 15);
  CHECK(at[31] == 115);
  CHECK(at[32 + 2] == 201);
  CHECK(at[32 + 3] == 0);      // no column 3
  CHECK(at[512] == 17);        // the first up row stands beside the first gate row
  CHECK(at[1024 + 1] == 116);  // the last gate row
  CHECK(at[1024 + 2] == 0);
  CHECK(at[1536] == 33);
}

TEST_CASE("linear_bf16 needs no more scratch for fewer tokens or for more threads",
          "[linear_bf16]") {
  const LinearWeights shape = shape_for(Epilogue::store, 2048, 8192);
  for (const CpuKernels* kernels : all_bf16_tables()) {
    std::size_t before = 0;
    for (std::int64_t tokens = 1; tokens < 700; ++tokens) {
      const LinearBf16Args args{shape, nullptr, nullptr, nullptr, nullptr, tokens, Epilogue::store};
      const std::size_t bytes = kernels->plan_linear_bf16(args, 1).scratch_bytes;
      CHECK(bytes >= before);
      CHECK(bytes == kernels->plan_linear_bf16(args, 64).scratch_bytes);
      before = bytes;
    }
  }
}
