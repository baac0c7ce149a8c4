#include "tests/kernels/support.hpp"

using namespace reranker::kernels;
using namespace reranker::kernels::test;

namespace {

/// A table as a checkpoint has it, and what it is in floats.
struct Table {
  WeightType type;
  std::vector<std::uint16_t> words;
  std::vector<float> floats;

  Table(WeightType stored, std::int64_t rows, std::int64_t dim, unsigned seed) : type(stored) {
    if (type == WeightType::bf16) words = random_bf16(rows * dim, seed);
    if (type == WeightType::fp16) words = random_fp16(rows * dim, seed);
    if (type == WeightType::fp32) floats = random_floats(rows * dim, seed);
    for (const auto word : words)
      floats.push_back(type == WeightType::bf16 ? from_bf16(word) : from_fp16(word));
  }
  EmbeddingRows rows() const {
    return {type == WeightType::fp32 ? static_cast<const void*>(floats.data()) : words.data(),
            type};
  }
};

struct Tables {
  std::int64_t dim;
  Table words;      // 30 of them
  Table positions;  // 120
  Table types;

  Tables(WeightType type, std::int64_t columns)
      : dim(columns),
        words(type, 30, dim, 1),
        positions(type, 120, dim, 2),
        types(type, 2, dim, 3) {}
};

struct Batch {
  std::vector<std::int32_t> ids;
  std::vector<std::int32_t> offsets;
  std::vector<std::int32_t> type_1_begins;
};

Batch batch_of(const std::vector<int>& lengths, std::vector<std::int32_t> type_1_begins) {
  Batch batch{{}, offsets_of(lengths), std::move(type_1_begins)};
  for (std::int32_t t = 0; t < batch.offsets.back(); ++t) batch.ids.push_back(t * 7 % 30);
  return batch;
}

std::vector<float> bert_embedding(const CpuKernels& kernels, const Tables& tables,
                                  const Batch& batch, int num_threads = 1) {
  const auto tokens = static_cast<std::int64_t>(batch.ids.size());
  std::vector<float> out(static_cast<std::size_t>(tokens * tables.dim), NAN);
  run({out.data(), tables.words.rows(), tables.positions.rows(), tables.types.rows(),
       batch.ids.data(), batch.offsets.data(), batch.type_1_begins.data(), tokens,
       static_cast<std::int64_t>(batch.type_1_begins.size()), tables.dim},
      kernels.plan_bert_embedding, kernels.bert_embedding, num_threads);
  return out;
}

/// The definition.
std::vector<float> sums(const Tables& tables, const Batch& batch) {
  std::vector<float> out;
  for (std::size_t s = 0; s < batch.type_1_begins.size(); ++s)
    for (std::int32_t t = batch.offsets[s]; t < batch.offsets[s + 1]; ++t) {
      const std::int32_t position = t - batch.offsets[s];
      const std::int64_t type = position < batch.type_1_begins[s] ? 0 : 1;
      const float* word =
          tables.words.floats.data() + batch.ids[static_cast<std::size_t>(t)] * tables.dim;
      const float* place = tables.positions.floats.data() + position * tables.dim;
      const float* text = tables.types.floats.data() + type * tables.dim;
      for (std::int64_t i = 0; i < tables.dim; ++i) out.push_back((word[i] + place[i]) + text[i]);
    }
  return out;
}

}  // namespace

TEST_CASE("bert_embedding adds a token's word, position and type, whatever they are stored as",
          "[bert_embedding][isa]") {
  const auto type = GENERATE(WeightType::bf16, WeightType::fp16, WeightType::fp32);
  const std::int64_t dim = GENERATE(1, 8, 19, 111, 257);
  const Tables tables(type, dim);
  // Two texts, none of the second, nothing but it, and a sequence without tokens.
  const Batch batch = batch_of({19, 111, 0, 1, 5}, {7, 111, 0, 0, 9});
  const auto expected = sums(tables, batch);
  for (const CpuKernels* kernels : all_tables())
    for (const int num_threads : {1, 2, 64})
      CHECK(same_bits(bert_embedding(*kernels, tables, batch, num_threads), expected));
}

TEST_CASE("bert_embedding takes tables of different types", "[bert_embedding]") {
  Tables tables(WeightType::fp32, 19);
  tables.words = Table(WeightType::bf16, 30, 19, 4);
  tables.positions = Table(WeightType::fp16, 120, 19, 5);
  const Batch batch = batch_of({19, 3}, {4, 1});
  for (const CpuKernels* kernels : all_tables())
    CHECK(same_bits(bert_embedding(*kernels, tables, batch), sums(tables, batch)));
}

TEST_CASE("bert_embedding of no tokens does nothing", "[bert_embedding]") {
  const Tables tables(WeightType::fp32, 19);
  for (const CpuKernels* kernels : all_tables())
    CHECK(bert_embedding(*kernels, tables, batch_of({}, {})).empty());
}
