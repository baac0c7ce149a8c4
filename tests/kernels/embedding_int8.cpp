#include "tests/kernels/support.hpp"

using namespace reranker::kernels;
using namespace reranker::kernels::test;

namespace {

// A table of `rows` as a kernel packs it, in two pieces, the last first.
struct Packed {
  EmbeddingInt8Table table;
  Buffer bytes;

  Packed(const CpuKernels& kernels, const void* rows, WeightType type, std::int64_t vocab,
         std::int64_t dim)
      : table{vocab, dim}, bytes(packed_embedding_int8_bytes(table)) {
    const std::int64_t first = vocab / 2;
    const std::int64_t row_bytes = dim * (type == WeightType::fp32 ? 4 : 2);
    kernels.pack_embedding_int8({table, bytes.data(),
                                 static_cast<const char*>(rows) + first * row_bytes, type, first,
                                 vocab - first});
    kernels.pack_embedding_int8({table, bytes.data(), rows, type, 0, first});
  }
  Packed(const CpuKernels& kernels, const std::vector<float>& rows, std::int64_t dim)
      : Packed(kernels, rows.data(), WeightType::fp32, static_cast<std::int64_t>(rows.size()) / dim,
               dim) {}
};

std::vector<float> gather(const CpuKernels& kernels, const Packed& packed,
                          const std::vector<std::int32_t>& ids, int num_threads = 1) {
  std::vector<float> out(ids.size() * static_cast<std::size_t>(packed.table.dim), NAN);
  run({packed.table, packed.bytes.data(), out.data(), ids.data(),
       static_cast<std::int64_t>(ids.size())},
      kernels.plan_embedding_int8, kernels.embedding_int8, num_threads);
  return out;
}

std::vector<std::int32_t> ids_up_to(std::int32_t vocab) {
  std::vector<std::int32_t> ids;
  for (std::int32_t id = vocab; id-- > 0;) ids.push_back(id);
  return ids;
}

}  // namespace

TEST_CASE("embedding_int8 rounds a group's values to steps of its largest over 127",
          "[embedding_int8]") {
  // Groups of 32, 32 and 2 columns, with scales of 1, 2 and 1/127.
  std::vector<float> row(66, 0.0f);
  row[0] = -127, row[1] = 0.5f, row[2] = 1.5f, row[31] = 126.4f;
  row[32] = 254, row[33] = 5.1f;
  row[64] = 1, row[65] = -1;
  for (const CpuKernels* kernels : all_tables()) {
    const auto out = gather(*kernels, Packed(*kernels, row, 66), {0});
    CHECK(out[0] == -127);
    CHECK(out[1] == 0);
    CHECK(out[2] == 2);
    CHECK(out[31] == 126);
    CHECK(out[32] == 254);
    CHECK(out[33] == 6);
    CHECK(out[64] == 127 * (1.0f / 127));
    CHECK(out[65] == -out[64]);
  }
}

TEST_CASE("embedding_int8 keeps values to half a step", "[embedding_int8]") {
  const std::int64_t dim = GENERATE(1, 19, 64, 111, 257, 2048);
  const float size = GENERATE(1e-25f, 1.0f, 1e25f);
  const auto rows = random_floats(7 * dim, 1, size);
  const auto out =
      gather(generic_kernels(), Packed(generic_kernels(), rows, dim), {0, 1, 2, 3, 4, 5, 6});
  CHECK(error(out, as_matrix(rows, 7, dim).cast<double>()) < 0.5 / 127 + 1e-6);
}

TEST_CASE("embedding_int8 packs and gathers the same bits on every instruction set",
          "[embedding_int8][isa]") {
  const std::int64_t dim = GENERATE(1, 7, 8, 19, 64, 65, 111, 257, 2048);
  const auto rows = random_floats(37 * dim, 2, 30.0f);
  const auto bf16 = random_bf16(37 * dim, 3);
  const auto fp16 = random_fp16(37 * dim, 4);
  for (const auto& [data, type] :
       {std::pair<const void*, WeightType>{rows.data(), WeightType::fp32},
        {bf16.data(), WeightType::bf16},
        {fp16.data(), WeightType::fp16}}) {
    const Packed expected(generic_kernels(), data, type, 37, dim);
    const auto out = gather(generic_kernels(), expected, ids_up_to(37));
    for (const CpuKernels* kernels : all_tables()) {
      const Packed packed(*kernels, data, type, 37, dim);
      CHECK(std::memcmp(packed.bytes.data(), expected.bytes.data(), packed.bytes.size()) == 0);
      for (const int num_threads : {1, 3})
        CHECK(same_bits(gather(*kernels, packed, ids_up_to(37), num_threads), out));
    }
  }
}

TEST_CASE("embedding_int8 gathers rows in the order of ids", "[embedding_int8]") {
  const std::vector<float> rows{127, 1, 127, 2, 127, 3};
  for (const CpuKernels* kernels : all_tables())
    CHECK(gather(*kernels, Packed(*kernels, rows, 2), {2, 0, 2}) ==
          std::vector<float>{127, 3, 127, 1, 127, 3});
}

TEST_CASE("embedding_int8 shows an infinity or a NaN in its group alone", "[embedding_int8]") {
  std::vector<float> row(33, 1.0f);
  for (const float odd : {INFINITY, -INFINITY, NAN}) {
    row[3] = odd;
    for (const CpuKernels* kernels : all_tables()) {
      const auto out = gather(*kernels, Packed(*kernels, row, 33), {0});
      CHECK(std::isnan(out[0]));
      CHECK(std::isnan(out[3]));
      CHECK(out[32] == 127 * (1.0f / 127));
    }
  }
}

TEST_CASE("embedding_int8 brings rows of zeros and of tiny values back", "[embedding_int8]") {
  for (const CpuKernels* kernels : all_tables())
    CHECK(gather(*kernels, Packed(*kernels, {0, -0.0f, 0x1p-149f, 0, 0, 0x1p-100f}, 2),
                 {0, 1, 2}) == std::vector<float>{0, 0, 0, 0, 0, 127 * (0x1p-100f / 127)});
}
