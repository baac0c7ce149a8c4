#include "kernels/cpu/linear_layout.hpp"
#include "tests/kernels/support.hpp"

using namespace reranker::kernels;
using namespace reranker::kernels::test;

namespace {

/// Weights as a checkpoint has them, and what they are in double.
struct Weights {
  LinearWeights shape;
  std::vector<std::uint16_t> words;
  std::vector<float> floats;

  const void* data() const {
    return shape.type == WeightType::fp32 ? static_cast<const void*>(floats.data()) : words.data();
  }
  std::int64_t row_bytes() const { return shape.k * (shape.type == WeightType::fp32 ? 4 : 2); }
  Matrix exact() const { return as_matrix(floats, shape.n, shape.k).cast<double>(); }
};

Weights random_weights(std::int64_t n, std::int64_t k, WeightType type, RowOrder order) {
  Weights w{{n, k, type, order}, {}, {}};
  if (type == WeightType::bf16) w.words = random_bf16(n * k, 7);
  if (type == WeightType::fp16) w.words = random_fp16(n * k, 7);
  if (type == WeightType::fp32) w.floats = random_floats(n * k, 7);
  for (const auto word : w.words)
    w.floats.push_back(type == WeightType::bf16 ? from_bf16(word) : from_fp16(word));
  return w;
}

/// Packs in pieces of `piece` rows, the last one first.
void pack(const CpuKernels& kernels, const Weights& w, const Buffer& packed, std::int64_t piece) {
  for (std::int64_t row = (w.shape.n - 1) / piece * piece; row >= 0; row -= piece)
    kernels.pack_linear({w.shape, packed.data(),
                         static_cast<const char*>(w.data()) + row * w.row_bytes(), row,
                         std::min(piece, w.shape.n - row)});
}

std::vector<float> linear(const CpuKernels& kernels, const Weights& w, const std::vector<float>& x,
                          Epilogue epilogue, const std::vector<float>& residual = {},
                          int num_threads = 1, const float* bias = nullptr) {
  const Buffer packed(packed_linear_bytes(w.shape));
  pack(kernels, w, packed, w.shape.n);
  const std::int64_t tokens = static_cast<std::int64_t>(x.size()) / w.shape.k;
  const std::int64_t columns = epilogue == Epilogue::swiglu ? w.shape.n / 2 : w.shape.n;
  std::vector<float> out(static_cast<std::size_t>(tokens * columns), NAN);
  run({w.shape, packed.data(), out.data(), x.data(), residual.data(), tokens, epilogue, bias},
      kernels.plan_linear, kernels.linear, num_threads);
  return out;
}

Matrix silu(const Matrix& x) {
  return x.array() / (1.0 + (-x.array()).exp());
}

const Epilogue kEpilogues[] = {Epilogue::store, Epilogue::add, Epilogue::swiglu, Epilogue::gelu};

RowOrder order_for(Epilogue epilogue) {
  return epilogue == Epilogue::swiglu ? RowOrder::gate_up : RowOrder::plain;
}

}  // namespace

TEST_CASE("linear cuts k into blocks by k alone", "[linear]") {
  CHECK(linear_block(2048) == 512);
  CHECK(linear_block(8192) == 512);
  CHECK(linear_block(576) == 288);
  CHECK(linear_block(513) == 264);
  CHECK(linear_block(1) == 8);
  for (const std::int64_t k : {1, 19, 511, 512, 513, 1025, 4097, 50000}) {
    const std::int64_t block = linear_block(k);
    CHECK(block <= 512);
    CHECK((linear_num_blocks(k) - 1) * block < k);
    CHECK(linear_num_blocks(k) * block >= k);
  }
}

TEST_CASE("linear agrees with double", "[linear]") {
  const auto type = GENERATE(WeightType::bf16, WeightType::fp16, WeightType::fp32);
  const auto epilogue = GENERATE(from_range(std::begin(kEpilogues), std::end(kEpilogues)));
  const std::int64_t k = GENERATE(1, 19, 111, 257, 600);
  const std::int64_t n = GENERATE(2, 22, 112, 258);
  const std::int64_t tokens = GENERATE(1, 19);
  const auto w = random_weights(n, k, type, order_for(epilogue));
  const auto x = random_floats(tokens * k, 1);
  const auto residual = random_floats(tokens * n, 2);

  const Matrix y = product(as_matrix(x, tokens, k).cast<double>(), w.exact().transpose());
  Matrix expected = y;
  if (epilogue == Epilogue::add) expected += as_matrix(residual, tokens, n).cast<double>();
  if (epilogue == Epilogue::swiglu)
    expected = silu(y.leftCols(n / 2)).cwiseProduct(y.rightCols(n / 2));
  if (epilogue == Epilogue::gelu) expected = exact_gelu(y);

  CHECK(error(linear(generic_kernels(), w, x, epilogue, residual), expected) < kProductTolerance);
}

TEST_CASE("linear has the same bits on every instruction set, for any cut into tasks",
          "[linear][isa]") {
  const auto type = GENERATE(WeightType::bf16, WeightType::fp16, WeightType::fp32);
  const auto epilogue = GENERATE(from_range(std::begin(kEpilogues), std::end(kEpilogues)));
  const std::int64_t k = GENERATE(1, 19, 257, 1037);
  const std::int64_t n = GENERATE(2, 22, 258);
  const std::int64_t tokens = GENERATE(1, 2, 3, 5, 7, 13, 111);
  const auto w = random_weights(n, k, type, order_for(epilogue));
  const auto x = random_floats(tokens * k, 3);
  const auto residual = random_floats(tokens * n, 4);

  const auto expected = linear(generic_kernels(), w, x, epilogue, residual, 3);
  for (const CpuKernels* kernels : fast_tables())
    for (const int num_threads : {1, 2, 7, 64})
      CHECK(same_bits(linear(*kernels, w, x, epilogue, residual, num_threads), expected));
  CHECK(same_bits(linear(portable_kernels(), w, x, epilogue, residual, 7), expected));
}

TEST_CASE("linear adds a bias before what follows, the same bits on every instruction set",
          "[linear][isa]") {
  const auto epilogue =
      GENERATE(from_range(std::begin(kBiasedEpilogues), std::end(kBiasedEpilogues)));
  const auto type = GENERATE(WeightType::bf16, WeightType::fp32);
  const std::int64_t n = GENERATE(1, 19, 111, 257);
  const std::int64_t tokens = GENERATE(1, 19, 111);
  const auto w = random_weights(n, 257, type, RowOrder::plain);
  const auto x = random_floats(tokens * 257, 3, 0.5f);
  const auto residual = random_floats(tokens * n, 4);
  const auto bias = random_floats(n, 5);
  const auto expected =
      finished(linear(generic_kernels(), w, x, Epilogue::store), bias, epilogue, residual);
  for (const CpuKernels* kernels : all_tables())
    for (const int num_threads : {1, 7})
      CHECK(same_bits(linear(*kernels, w, x, epilogue, residual, num_threads, bias.data()),
                      expected));
}

TEST_CASE("linear keeps gelu of what is far from zero finite", "[linear]") {
  const Weights w{{5, 1, WeightType::fp32, RowOrder::plain}, {}, {-1000, -20, 0, 20, 1e38f}};
  for (const CpuKernels* kernels : all_tables()) {
    const auto y = linear(*kernels, w, {1}, Epilogue::gelu);
    for (const std::size_t below : {0, 1}) CHECK((-6e-9f < y[below] && y[below] < 0));
    CHECK(std::vector<float>(y.begin() + 2, y.end()) == std::vector<float>{0, 20, 1e38f});
  }
}

TEST_CASE("linear keeps swiglu of extreme gates finite", "[linear]") {
  // Of x = (g, 1) the gate is g and the up projection 1.
  const Weights w{{2, 2, WeightType::fp32, RowOrder::gate_up}, {}, {1, 0, 0, 1}};
  for (const CpuKernels* kernels : all_tables())
    CHECK(linear(*kernels, w, {-1000, 1, -100, 1, 0, 1, 100, 1, 1000, 1}, Epilogue::swiglu) ==
          std::vector<float>{0, 0, 0, 100, 1000});
}

TEST_CASE("linear gives a row the same bits among any others", "[linear]") {
  for (const CpuKernels* kernels : all_tables()) {
    const std::int64_t k = 1037;
    const auto w = random_weights(70, k, WeightType::bf16, RowOrder::plain);
    const std::int64_t tokens = kernels == &generic_kernels() ? 19 : 400;
    const auto x = random_floats(tokens * k, 5);
    const auto together = linear(*kernels, w, x, Epilogue::store);
    for (const std::int64_t row : {std::int64_t{0}, tokens / 2, tokens - 1}) {
      const std::vector<float> alone(x.begin() + row * k, x.begin() + (row + 1) * k);
      const std::vector<float> same(together.begin() + row * 70, together.begin() + (row + 1) * 70);
      CHECK(same_bits(linear(*kernels, w, alone, Epilogue::store), same));
    }
  }
}

TEST_CASE("linear gives bf16 and fp16 weights the bits of the same weights in fp32", "[linear]") {
  for (const auto type : {WeightType::bf16, WeightType::fp16}) {
    const auto w = random_weights(111, 257, type, RowOrder::plain);
    Weights widened{{111, 257, WeightType::fp32, RowOrder::plain}, {}, w.floats};
    const auto x = random_floats(19 * 257, 6);
    for (const CpuKernels* kernels : all_tables())
      CHECK(same_bits(linear(*kernels, w, x, Epilogue::store),
                      linear(*kernels, widened, x, Epilogue::store)));
  }
}

TEST_CASE("linear adds in place where out is the residual", "[linear]") {
  const auto w = random_weights(111, 257, WeightType::bf16, RowOrder::plain);
  const auto x = random_floats(40 * 257, 8);
  const auto residual = random_floats(40 * 111, 9);
  for (const CpuKernels* kernels : all_tables()) {
    const Buffer packed(packed_linear_bytes(w.shape));
    pack(*kernels, w, packed, 111);
    auto out = residual;
    run({w.shape, packed.data(), out.data(), x.data(), out.data(), 40, Epilogue::add},
        kernels->plan_linear, kernels->linear, 4);
    CHECK(same_bits(out, linear(*kernels, w, x, Epilogue::add, residual)));
  }
}

TEST_CASE("linear of no tokens does nothing", "[linear]") {
  const auto w = random_weights(19, 19, WeightType::bf16, RowOrder::plain);
  for (const CpuKernels* kernels : all_tables())
    CHECK(linear(*kernels, w, {}, Epilogue::store).empty());
}

TEST_CASE("linear carries denormal weights and activations", "[linear]") {
  Weights w{{1, 2, WeightType::bf16, RowOrder::plain}, {0x0001, 0x3f80}, {}};  // 2^-133 and 1
  const std::vector<float> x{1.0f, 0x1p-149f};
  for (const CpuKernels* kernels : all_tables())
    CHECK(linear(*kernels, w, x, Epilogue::store)[0] == 0x1p-133f + 0x1p-149f);
}

TEST_CASE("pack_linear gives the same bytes on every instruction set, in pieces of any size",
          "[linear][pack][isa]") {
  const auto type = GENERATE(WeightType::bf16, WeightType::fp16, WeightType::fp32);
  const auto order = GENERATE(RowOrder::plain, RowOrder::gate_up);
  const std::int64_t n = GENERATE(2, 38, 96, 258);
  const std::int64_t k = GENERATE(1, 33, 111, 256);
  const auto w = random_weights(n, k, type, order);
  const Buffer expected(packed_linear_bytes(w.shape));
  pack(generic_kernels(), w, expected, n);
  for (const CpuKernels* kernels : all_tables())
    for (const std::int64_t piece : {std::int64_t{1}, std::int64_t{7}, std::int64_t{48}, n}) {
      const Buffer packed(expected.size());
      pack(*kernels, w, packed, piece);
      CHECK(std::memcmp(packed.data(), expected.data(), expected.size()) == 0);
    }
}

TEST_CASE("pack_linear alternates panels of gate and up rows and pads each half",
          "[linear][pack]") {
  // Rows 0..16 are a gate, 17..33 an up projection; each weight is the number of its row.
  Weights w{{34, 1, WeightType::fp32, RowOrder::gate_up}, {}, {}};
  for (int row = 0; row < 34; ++row) w.floats.push_back(static_cast<float>(row));
  const Buffer packed(packed_linear_bytes(w.shape));
  REQUIRE(packed.size() == 4 * 16 * sizeof(float));
  pack(generic_kernels(), w, packed, 34);
  const auto* at = static_cast<const float*>(packed.data());
  CHECK(at[0] == 0);
  CHECK(at[15] == 15);
  CHECK(at[16] == 17);  // the first up row stands beside the first gate row
  CHECK(at[32] == 16);
  CHECK(at[33] == 0);
  CHECK(at[48] == 33);
  CHECK(at[63] == 0);
}

TEST_CASE("linear needs no more scratch for fewer tokens or for more threads", "[linear]") {
  const LinearWeights shape{2048, 8192, WeightType::bf16, RowOrder::plain};
  for (const CpuKernels* kernels : all_tables()) {
    std::size_t before = 0;
    for (std::int64_t tokens = 1; tokens < 700; ++tokens) {
      const LinearArgs args{shape, nullptr, nullptr, nullptr, nullptr, tokens, Epilogue::store};
      const std::size_t bytes = kernels->plan_linear(args, 1).scratch_bytes;
      CHECK(bytes >= before);
      CHECK(bytes == kernels->plan_linear(args, 64).scratch_bytes);
      before = bytes;
    }
  }
}

TEST_CASE("linear has tasks for nine of ten threads in every turn", "[linear]") {
  const std::int64_t tokens = GENERATE(128, 300, 2048);
  const int num_threads = GENERATE(1, 2, 3, 4, 16);
  LinearArgs args{};
  args.weights = {3072, 2048, WeightType::bf16, RowOrder::plain};
  args.num_tokens = tokens;
  for (const CpuKernels* kernels : fast_tables()) {
    const Plan plan = kernels->plan_linear(args, num_threads);
    CHECK(plan.num_tasks == plan.row_tasks * plan.column_tasks);
    const std::int64_t turns = (plan.num_tasks + num_threads - 1) / num_threads;
    CHECK(plan.num_tasks * 10 >= 9 * turns * num_threads);
  }
}
