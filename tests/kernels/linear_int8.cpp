#include <algorithm>

#include "kernels/cpu/int8_layout.hpp"
#include "tests/kernels/int8_tables.hpp"

using namespace reranker::kernels;
using namespace reranker::kernels::test;

namespace {

/// Weights as a checkpoint has them, and what they are in floats.
struct Weights {
  LinearInt8Weights form;
  std::vector<std::uint16_t> words;
  std::vector<float> floats;

  const LinearWeights& shape() const { return form.shape; }
  const char* row(std::int64_t r) const {
    return shape().type == WeightType::fp32
               ? reinterpret_cast<const char*>(floats.data() + r * shape().k)
               : reinterpret_cast<const char*>(words.data() + r * shape().k);
  }
};

Weights random_weights(const LinearWeights& shape, Int8Range range) {
  Weights w{{shape, range}, {}, {}};
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
  for (std::int64_t row = (w.shape().n - 1) / piece * piece; row >= 0; row -= piece)
    kernels.pack_linear_int8(
        {w.form, packed.data(), w.row(row), row, std::min(piece, w.shape().n - row)});
}

/// One row's codes and scale, read back from the packed form.
struct PackedRow {
  std::vector<int> codes;  // int8_stride(k) of them
  float scale;
  std::int32_t offset;
};

PackedRow packed_row(const LinearInt8Weights& weights, const Buffer& packed, std::int64_t row) {
  const PanelRow at = panel_row(weights.shape, row);
  const auto* bytes = static_cast<const char*>(packed.data());
  const auto* panel =
      reinterpret_cast<const std::int8_t*>(bytes + at.panel * int8_panel_bytes(weights));
  const auto place = static_cast<std::size_t>(at.panel * 16 + at.lane);
  PackedRow to;
  for (std::int64_t i = 0; i < int8_stride(weights.shape.k); ++i)
    to.codes.push_back(panel[i / 4 * 64 + at.lane * 4 + i % 4]);
  to.scale = reinterpret_cast<const float*>(bytes + int8_scales_at(weights))[place];
  to.offset = reinterpret_cast<const std::int32_t*>(bytes + int8_offsets_at(weights))[place];
  return to;
}

/// The largest sum of weights of one sign over the four columns that Int8Range::quads names.
int largest_quad(const std::vector<int>& codes) {
  int largest = 0;
  for (std::size_t i = 0; i + 8 <= codes.size(); i += 8)
    for (const std::size_t begin : {i, i + 2})
      for (const int sign : {1, -1}) {
        int quad = 0;
        for (const std::size_t c : {0, 1, 4, 5}) quad += std::max(0, sign * codes[begin + c]);
        largest = std::max(largest, quad);
      }
  return largest;
}

std::vector<float> linear(const CpuKernels& kernels, const Weights& w, const Codes& x,
                          Epilogue epilogue, const std::vector<float>& residual = {},
                          int num_threads = 1, const float* bias = nullptr) {
  const Buffer packed(packed_linear_int8_bytes(w.form));
  pack(kernels, w, packed, w.shape().n);
  const auto tokens = static_cast<std::int64_t>(x.scales.size());
  const std::int64_t columns = epilogue == Epilogue::swiglu ? w.shape().n / 2 : w.shape().n;
  std::vector<float> out(static_cast<std::size_t>(tokens * columns), NAN);
  run({w.form, packed.data(), out.data(), x.codes.data(), x.scales.data(), residual.data(), tokens,
       epilogue, bias},
      kernels.plan_linear_int8, kernels.linear_int8, num_threads);
  return out;
}

/// The definition, one term after another.
std::vector<float> brute_force(const Weights& w, const Codes& x) {
  const Buffer packed(packed_linear_int8_bytes(w.form));
  pack(generic_kernels(), w, packed, w.shape().n);
  std::vector<float> y;
  for (std::size_t t = 0; t < x.scales.size(); ++t)
    for (std::int64_t j = 0; j < w.shape().n; ++j) {
      const PackedRow row = packed_row(w.form, packed, j);
      std::int64_t sum = 0;
      for (std::size_t i = 0; i < row.codes.size(); ++i)
        sum += (x.codes[t * row.codes.size() + i] - 128) * row.codes[i];
      y.push_back((static_cast<float>(sum) * row.scale) * x.scales[t]);
    }
  return y;
}

Codes random_codes(std::int64_t tokens, std::int64_t k, unsigned seed) {
  return quantize(generic_kernels(), random_floats(tokens * k, seed), k);
}

const Epilogue kEpilogues[] = {Epilogue::store, Epilogue::add, Epilogue::swiglu, Epilogue::gelu};
const Int8Range kRanges[] = {Int8Range::full, Int8Range::quads};

LinearWeights shape_for(Epilogue epilogue, std::int64_t n, std::int64_t k) {
  return {n, k, WeightType::bf16,
          epilogue == Epilogue::swiglu ? RowOrder::gate_up : RowOrder::plain};
}

}  // namespace

TEST_CASE("pack_linear_int8 keeps weights to half a scale and quads to 128", "[linear_int8]") {
  const auto range = GENERATE(from_range(std::begin(kRanges), std::end(kRanges)));
  const std::int64_t k = GENERATE(1, 3, 19, 257, 2049);
  Weights w = random_weights({5, k, WeightType::fp32, RowOrder::plain}, range);
  std::fill(w.floats.begin(), w.floats.begin() + k, 0.25f);               // every quad is largest
  w.floats[static_cast<std::size_t>(k)] = -40.0f;                         // one weight is largest
  std::fill(w.floats.begin() + 2 * k, w.floats.begin() + 3 * k, -0.25f);  // of the other sign
  const Buffer packed(packed_linear_int8_bytes(w.form));
  pack(generic_kernels(), w, packed, 5);
  for (std::int64_t r = 0; r < 5; ++r) {
    const PackedRow row = packed_row(w.form, packed, r);
    const auto [least, most] = std::minmax_element(row.codes.begin(), row.codes.end());
    CHECK(*least >= -127);
    CHECK(*most <= 127);
    if (range == Int8Range::quads) CHECK(largest_quad(row.codes) <= 128);
    int sum = 0;
    double worst = 0;
    for (std::size_t i = 0; i < row.codes.size(); ++i) {
      const auto at = static_cast<std::size_t>(r * k) + i;
      const double weight = i < static_cast<std::size_t>(k) ? w.floats[at] : 0.0;
      worst = larger_error(worst, std::abs(row.codes[i] * double{row.scale} - weight) / row.scale);
      sum += row.codes[i];
    }
    CHECK(worst < 0.50002);
    CHECK(row.offset == 128 * sum);
  }
}

TEST_CASE("pack_linear_int8 uses all codes where no quad forbids it", "[linear_int8]") {
  Weights w = random_weights({1, 8, WeightType::fp32, RowOrder::plain}, Int8Range::quads);
  const Buffer packed(packed_linear_int8_bytes(w.form));
  const auto codes_of = [&](const std::vector<float>& row) {
    w.floats = row;
    pack(generic_kernels(), w, packed, 1);
    auto codes = packed_row(w.form, packed, 0).codes;
    CHECK(std::count(codes.begin() + 8, codes.end(), 0) == 56);
    codes.resize(8);
    return codes;
  };
  CHECK(codes_of({1, 0, 1, -1, 0, -1, 0, 0}) == std::vector{126, 0, 126, -126, 0, -126, 0, 0});
  CHECK(codes_of({1, 1, 0, 0, 1, 1, 0, 0}) == std::vector{32, 32, 0, 0, 32, 32, 0, 0});
}

TEST_CASE("pack_linear_int8 gives the same bytes on every instruction set, in pieces of any size",
          "[linear_int8][pack][isa]") {
  const auto type = GENERATE(WeightType::bf16, WeightType::fp16, WeightType::fp32);
  const auto order = GENERATE(RowOrder::plain, RowOrder::gate_up);
  const auto range = GENERATE(from_range(std::begin(kRanges), std::end(kRanges)));
  const std::int64_t n = GENERATE(2, 38, 96);
  const std::int64_t k = GENERATE(1, 33, 111, 256);
  const auto w = random_weights({n, k, type, order}, range);
  const Buffer expected(packed_linear_int8_bytes(w.form));
  pack(generic_kernels(), w, expected, n);
  for (const CpuKernels* kernels : all_tables())
    for (const std::int64_t piece : {std::int64_t{1}, std::int64_t{7}, std::int64_t{48}, n}) {
      const Buffer packed(expected.size());
      pack(*kernels, w, packed, piece);
      CHECK(std::memcmp(packed.data(), expected.data(), expected.size()) == 0);
    }
}

TEST_CASE("pack_linear_int8 gives weights of hardly any size the same bytes everywhere",
          "[linear_int8][pack][isa]") {
  const auto range = GENERATE(from_range(std::begin(kRanges), std::end(kRanges)));
  const float weight = GENERATE(0.0f, 0x1p-149f, 0x1p-101f, 0x1p-100f);
  Weights w{{{3, 40, WeightType::fp32, RowOrder::plain}, range}, {}, {}};
  w.floats.assign(3 * 40, weight);
  const Buffer expected(packed_linear_int8_bytes(w.form));
  pack(generic_kernels(), w, expected, 3);
  for (const CpuKernels* kernels : all_tables()) {
    const Buffer packed(expected.size());
    pack(*kernels, w, packed, 3);
    CHECK(std::memcmp(packed.data(), expected.data(), expected.size()) == 0);
  }
}

TEST_CASE("linear_int8 agrees with its definition", "[linear_int8]") {
  const auto range = GENERATE(from_range(std::begin(kRanges), std::end(kRanges)));
  const std::int64_t k = GENERATE(1, 3, 111, 2049);
  const std::int64_t n = GENERATE(1, 17, 40);
  const auto w = random_weights(shape_for(Epilogue::store, n, k), range);
  const auto x = random_codes(7, k, 1);
  const auto residual = random_floats(7 * n, 2);
  const auto y = brute_force(w, x);
  CHECK(same_bits(linear(generic_kernels(), w, x, Epilogue::store), y));
  auto sum = y;
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += residual[i];
  CHECK(same_bits(linear(generic_kernels(), w, x, Epilogue::add, residual), sum));
}

TEST_CASE("linear_int8 of a gate and its up agrees with its definition", "[linear_int8]") {
  const auto range = GENERATE(from_range(std::begin(kRanges), std::end(kRanges)));
  const auto w = random_weights(shape_for(Epilogue::swiglu, 80, 257), range);
  const auto x = random_codes(7, 257, 1);
  const Matrix y = as_matrix(brute_force(w, x), 7, 80).cast<double>();
  const Matrix gate = y.leftCols(40);
  const Matrix expected = (gate.array() / (1 + (-gate.array()).exp())) * y.rightCols(40).array();
  CHECK(error(linear(generic_kernels(), w, x, Epilogue::swiglu), expected) < kTolerance);
}

TEST_CASE("linear_int8 stays near the product of the floats", "[linear_int8]") {
  const auto range = GENERATE(from_range(std::begin(kRanges), std::end(kRanges)));
  Weights w = random_weights({40, 2048, WeightType::fp32, RowOrder::plain}, range);
  const auto x = random_floats(19 * 2048, 3);
  const Matrix exact = product(as_matrix(x, 19, 2048).cast<double>(),
                               as_matrix(w.floats, 40, 2048).cast<double>().transpose());
  w.floats = rotate(generic_kernels(), w.floats, 2048);
  const auto y =
      linear(generic_kernels(), w, quantize(generic_kernels(), x, 2048), Epilogue::store);
  CHECK(error(y, exact) < (range == Int8Range::full ? 0.015 : 0.03));
}

TEST_CASE("linear_int8 has the same bits on every instruction set, for any cut into tasks",
          "[linear_int8][isa]") {
  const auto range = GENERATE(from_range(std::begin(kRanges), std::end(kRanges)));
  const auto epilogue = GENERATE(from_range(std::begin(kEpilogues), std::end(kEpilogues)));
  const std::int64_t k = GENERATE(1, 19, 257);
  const std::int64_t n = GENERATE(2, 22, 258);
  const std::int64_t tokens = GENERATE(1, 2, 3, 5, 7, 13, 33, 111);
  const auto w = random_weights(shape_for(epilogue, n, k), range);
  const auto x = random_codes(tokens, k, 3);
  const auto residual = random_floats(tokens * n, 4);
  const auto expected = linear(generic_kernels(), w, x, epilogue, residual, 3);
  for (const CpuKernels* kernels : fast_int8_tables())
    for (const int num_threads : {1, 7})
      if (takes(*kernels, range))
        CHECK(same_bits(linear(*kernels, w, x, epilogue, residual, num_threads), expected));
}

TEST_CASE("linear_int8 adds a bias before what follows, the same bits on every instruction set",
          "[linear_int8][isa]") {
  const auto epilogue =
      GENERATE(from_range(std::begin(kBiasedEpilogues), std::end(kBiasedEpilogues)));
  const std::int64_t n = GENERATE(1, 19, 111, 257);
  const std::int64_t tokens = GENERATE(1, 19);
  const auto w = random_weights(shape_for(epilogue, n, 257), Int8Range::quads);
  const auto x = random_codes(tokens, 257, 3);
  const auto residual = random_floats(tokens * n, 4);
  const auto bias = random_floats(n, 5);
  const auto expected =
      finished(linear(generic_kernels(), w, x, Epilogue::store), bias, epilogue, residual);
  for (const CpuKernels* kernels : all_int8_tables())
    for (const int num_threads : {1, 7})
      CHECK(same_bits(linear(*kernels, w, x, epilogue, residual, num_threads, bias.data()),
                      expected));
}

TEST_CASE("linear_int8 has the same bits over many blocks of columns and rows",
          "[linear_int8][isa]") {
  const auto [tokens, n, k] =
      GENERATE(std::make_tuple(19, 40, 8192), std::make_tuple(7, 48, 2049),
               std::make_tuple(300, 258, 130), std::make_tuple(600, 34, 19));
  const auto range = GENERATE(from_range(std::begin(kRanges), std::end(kRanges)));
  const auto w = random_weights(shape_for(Epilogue::swiglu, n, k), range);
  const auto x = random_codes(tokens, k, 5);
  const auto expected = linear(generic_kernels(), w, x, Epilogue::swiglu);
  for (const CpuKernels* kernels : fast_int8_tables())
    for (const int num_threads : {1, 5})
      if (takes(*kernels, range))
        CHECK(same_bits(linear(*kernels, w, x, Epilogue::swiglu, {}, num_threads), expected));
}

TEST_CASE("linear_int8 is exact where all codes and weights are the largest", "[linear_int8]") {
  const auto range = GENERATE(from_range(std::begin(kRanges), std::end(kRanges)));
  const float sign = GENERATE(1.0f, -1.0f);
  const int code = GENERATE(0, 1, 128, 255);               // 0 is never made, and does no harm
  const std::int64_t k = GENERATE(8192, kMaxInt8Columns);  // of these sums wrap until offsets go
  Weights w = random_weights({17, k, WeightType::fp32, RowOrder::plain}, range);
  std::fill(w.floats.begin(), w.floats.end(), sign);
  const Codes x{
      std::vector<std::uint8_t>(static_cast<std::size_t>(5 * k), static_cast<std::uint8_t>(code)),
      std::vector<float>(5, 1.0f)};
  const int weight = range == Int8Range::full ? 127 : 32;
  const float m = range == Int8Range::full ? 1.0f : 4 * kQuadRatio;
  const float y = sign * static_cast<float>((code - 128) * weight * k) * (m / 127.0f);
  const std::int64_t before = num_saturations();
  for (const CpuKernels* kernels : all_int8_tables())
    if (takes(*kernels, range))
      CHECK(linear(*kernels, w, x, Epilogue::store) == std::vector<float>(5 * 17, y));
  CHECK(num_saturations() == before);
}

TEST_CASE("linear_int8 never saturates vpmaddubsw within quads of 128", "[linear_int8]") {
  // The worst codes for each row of weights: all that raise its sums, or all that lower them.
  Weights w = random_weights({16, 257, WeightType::fp32, RowOrder::plain}, Int8Range::quads);
  Codes x = unwritten_codes(32, 257);
  for (std::size_t t = 0; t < 32; ++t)
    for (std::size_t i = 0; i < 257; ++i)
      x.codes[t * 320 + i] = (w.floats[t / 2 * 257 + i] > 0) == (t % 2 == 0) ? 255 : 0;
  const std::int64_t before = num_saturations();
  const auto expected = linear(generic_kernels(), w, x, Epilogue::store);
  CHECK(same_bits(linear(portable_maddubs(), w, x, Epilogue::store), expected));
  CHECK(num_saturations() == before);
  // The emulation would tell: these weights are not for it.
  w.form.range = Int8Range::full;
  linear(portable_maddubs(), w, x, Epilogue::store);
  CHECK(num_saturations() > before);
}

TEST_CASE("linear_int8 gives a row the same bits among any others", "[linear_int8]") {
  const std::int64_t k = 1037;
  const auto w = random_weights(shape_for(Epilogue::store, 70, k), Int8Range::quads);
  const auto x = random_floats(400 * k, 5);
  for (const CpuKernels* kernels : fast_int8_tables()) {
    const auto together = linear(*kernels, w, quantize(generic_kernels(), x, k), Epilogue::store);
    for (const std::int64_t row : {0, 200, 399}) {
      const std::vector<float> alone(x.begin() + row * k, x.begin() + (row + 1) * k);
      const std::vector<float> same(together.begin() + row * 70, together.begin() + (row + 1) * 70);
      CHECK(same_bits(linear(*kernels, w, quantize(generic_kernels(), alone, k), Epilogue::store),
                      same));
    }
  }
}

TEST_CASE("linear_int8 adds in place where out is the residual", "[linear_int8]") {
  const auto w = random_weights(shape_for(Epilogue::add, 111, 257), Int8Range::quads);
  const auto x = random_codes(40, 257, 8);
  const auto residual = random_floats(40 * 111, 9);
  for (const CpuKernels* kernels : all_int8_tables()) {
    const Buffer packed(packed_linear_int8_bytes(w.form));
    pack(*kernels, w, packed, 111);
    auto out = residual;
    run({w.form, packed.data(), out.data(), x.codes.data(), x.scales.data(), out.data(), 40,
         Epilogue::add},
        kernels->plan_linear_int8, kernels->linear_int8, 4);
    CHECK(same_bits(out, linear(*kernels, w, x, Epilogue::add, residual)));
  }
}

TEST_CASE("linear_int8 of a row of zeros is zero", "[linear_int8]") {
  const auto w = random_weights(shape_for(Epilogue::store, 19, 19), Int8Range::quads);
  const Codes zeros = quantize(generic_kernels(), std::vector<float>(19), 19);
  for (const CpuKernels* kernels : all_int8_tables())
    CHECK(linear(*kernels, w, zeros, Epilogue::store) == std::vector<float>(19));
}

TEST_CASE("linear_int8 shows a NaN in the row or column that has it", "[linear_int8]") {
  auto w = random_weights({3, 19, WeightType::fp32, RowOrder::plain}, Int8Range::quads);
  w.floats[19] = NAN;  // in column 1
  auto floats = random_floats(2 * 19, 10);
  floats[0] = NAN;  // in row 0
  const Codes x = quantize(generic_kernels(), floats, 19);
  for (const CpuKernels* kernels : all_int8_tables()) {
    const auto y = linear(*kernels, w, x, Epilogue::store);
    CHECK((std::isnan(y[0]) && std::isnan(y[1]) && std::isnan(y[2])));
    CHECK((std::isfinite(y[3]) && std::isnan(y[4]) && std::isfinite(y[5])));
  }
}

TEST_CASE("linear_int8 of no tokens does nothing", "[linear_int8]") {
  const auto w = random_weights(shape_for(Epilogue::store, 19, 19), Int8Range::quads);
  for (const CpuKernels* kernels : all_int8_tables())
    CHECK(linear(*kernels, w, {}, Epilogue::store).empty());
}

TEST_CASE("linear_int8 needs no more scratch for fewer tokens or for more threads",
          "[linear_int8]") {
  const LinearInt8Weights weights{shape_for(Epilogue::store, 2048, 8192), Int8Range::quads};
  for (const CpuKernels* kernels : all_int8_tables()) {
    std::size_t before = 0;
    for (std::int64_t tokens = 1; tokens < 700; ++tokens) {
      const LinearInt8Args args{weights, nullptr, nullptr, nullptr,
                                nullptr, nullptr, tokens,  Epilogue::store};
      const std::size_t bytes = kernels->plan_linear_int8(args, 1).scratch_bytes;
      CHECK(bytes >= before);
      CHECK(bytes == kernels->plan_linear_int8(args, 64).scratch_bytes);
      before = bytes;
    }
  }
}
