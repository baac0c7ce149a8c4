#include "kernels/cpu/int8_layout.hpp"
#include "kernels/cpu/int8_scalar.hpp"
#include "kernels/cpu/tables.hpp"

namespace reranker::kernels {
namespace {

// Values [begin, begin + count) of `rows`.
float pack_group(std::int8_t* codes, const PackEmbeddingInt8Args& args, std::int64_t begin,
                 std::int64_t count) {
  float m = kMinMagnitude;
  for (std::int64_t i = 0; i < count; ++i)
    m = larger_magnitude(m, widen(args.rows, args.type, begin + i));
  const float inverse = 127.0f / m;
  for (std::int64_t i = 0; i < count; ++i)
    codes[i] = static_cast<std::int8_t>(quantized(widen(args.rows, args.type, begin + i), inverse));
  return m / 127.0f;
}

void pack_embedding_int8_generic(const PackEmbeddingInt8Args& args) {
  const std::int64_t dim = args.table.dim;
  for (std::int64_t r = 0; r < args.num_rows; ++r) {
    const EmbeddingRow row = embedding_row(args.table, args.packed, args.first_row + r);
    for (std::int64_t i = 0; i < dim; i += kEmbeddingGroup) {
      const std::int64_t count = dim - i < kEmbeddingGroup ? dim - i : kEmbeddingGroup;
      row.scales[i / kEmbeddingGroup] = pack_group(row.codes + i, args, r * dim + i, count);
    }
  }
}

void embedding_int8_generic(const EmbeddingInt8Args& args, const Plan& plan, std::int64_t task,
                            void*) {
  const RowRange tokens = part_of(args.num_tokens, task, plan.num_tasks);
  const std::int64_t dim = args.table.dim;
  for (std::int64_t t = tokens.begin; t < tokens.end; ++t) {
    const EmbeddingRow row = embedding_row(args.table, const_cast<void*>(args.packed), args.ids[t]);
    for (std::int64_t i = 0; i < dim; ++i)
      args.out[t * dim + i] = static_cast<float>(row.codes[i]) * row.scales[i / kEmbeddingGroup];
  }
}

}  // namespace

void add_embedding_int8_generic(CpuKernels& table) {
  table.pack_embedding_int8 = pack_embedding_int8_generic;
  table.embedding_int8 = embedding_int8_generic;
}

}  // namespace reranker::kernels
