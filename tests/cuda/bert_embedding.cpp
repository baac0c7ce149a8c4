#include "kernels/cuda/bert_embedding.hpp"

#include "tests/cuda/device_array.hpp"
#include "tests/cuda/stored_numbers.hpp"

using namespace reranker::kernels::cuda;
using namespace reranker::kernels::cuda::test;

namespace {

constexpr std::int64_t kWords = 50, kPositions = 300, kTypes = 2;

struct Tables {
  std::int64_t dim;
  Type type;
  Numbers words, positions, types;
};

Tables random_tables(std::int64_t dim, Type type) {
  return {dim, type, rounded(random_numbers(kWords * dim, 1), type),
          rounded(random_numbers(kPositions * dim, 2), type),
          rounded(random_numbers(kTypes * dim, 3), type)};
}

struct Token {
  std::int32_t id, position, type;
};

/// Two sequences, of 7 tokens and of the others; of each the second half is of type 1.
std::vector<Token> tokens_of(std::int32_t count) {
  std::vector<Token> tokens;
  for (std::int32_t t = 0; t < count; ++t) {
    const std::int32_t begin = t < 7 ? 0 : 7;
    const std::int32_t length = t < 7 ? 7 : count - 7;
    tokens.push_back({(t * 17 + 3) % static_cast<std::int32_t>(kWords), t - begin,
                      t - begin < length / 2 ? 0 : 1});
  }
  return tokens;
}

Bytes run(const Tables& tables, const std::vector<Token>& tokens) {
  std::vector<std::int32_t> ids, positions, types;
  for (const Token& token : tokens) {
    ids.push_back(token.id);
    positions.push_back(token.position);
    types.push_back(token.type);
  }
  const DeviceArray<unsigned char> words(store(tables.words, tables.type)),
      position_rows(store(tables.positions, tables.type)),
      type_rows(store(tables.types, tables.type)),
      out(tokens.size() * static_cast<std::size_t>(tables.dim) * sizeof(float));
  const DeviceArray<std::int32_t> id_of(ids), position_of(positions), type_of(types);
  REQUIRE(bert_embedding({reinterpret_cast<float*>(out.get()), words.get(), position_rows.get(),
                          type_rows.get(), id_of.get(), position_of.get(), type_of.get(),
                          static_cast<std::int32_t>(tokens.size()),
                          static_cast<std::int32_t>(tables.dim), tables.type},
                         nullptr) == kSuccess);
  return out.read();
}

}  // namespace

TEST_CASE("bert_embedding on a device adds up word, position and type", "[bert_embedding]") {
  const auto type = GENERATE(Type::fp32, Type::bf16, Type::fp16);
  const auto dim = GENERATE(8, 32, 384, 1000, 1024, 2056);
  const auto count = GENERATE(1, 19, 111, 257);
  const Tables tables = random_tables(dim, type);
  const auto tokens = tokens_of(count);

  const Numbers found = load(run(tables, tokens), Type::fp32);

  Numbers expected;
  for (const Token& token : tokens)
    for (std::int64_t i = 0; i < dim; ++i) {
      const auto at = [&](const Numbers& table, std::int64_t row) {
        return static_cast<float>(table[static_cast<std::size_t>(row * dim + i)]);
      };
      expected.push_back(at(tables.words, token.id) + at(tables.positions, token.position) +
                         at(tables.types, token.type));
    }
  CHECK(found == expected);
}

TEST_CASE("bert_embedding on a device gives a token the same bits beside words of NaN",
          "[bert_embedding]") {
  constexpr std::int64_t kDim = 384;
  Tables tables = random_tables(kDim, Type::fp16);
  const std::vector<Token> tokens = {{3, 0, 0}, {7, 1, 0}, {4, 2, 1}};
  const Bytes alone = run(tables, {tokens[2]});
  std::fill_n(tables.words.begin() + 7 * kDim, kDim, std::nan(""));

  const Bytes all = run(tables, tokens);

  CHECK(row_of(all, 2, kDim * 4) == alone);
  CHECK(std::isnan(load(row_of(all, 1, kDim * 4), Type::fp32)[0]));
}

TEST_CASE("bert_embedding on a device does nothing with no tokens and refuses e4m3",
          "[bert_embedding]") {
  const auto status = [](std::int32_t num_tokens, Type type) {
    return bert_embedding(
        {nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, num_tokens, 64, type},
        nullptr);
  };
  CHECK(status(0, Type::bf16) == kSuccess);
  CHECK(status(1, Type::e4m3) != kSuccess);
}
