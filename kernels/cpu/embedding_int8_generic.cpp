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
  const std::int64_t groups = num_embedding_groups(args.table);
  auto* packed = static_cast<char*>(args.packed);
  auto* codes = reinterpret_cast<std::int8_t*>(packed) + args.first_row * dim;
  auto* scales =
      reinterpret_cast<float*>(packed + int8_scales_at(args.table)) + args.first_row * groups;
  for (std::int64_t r = 0; r < args.num_rows; ++r)
    for (std::int64_t g = 0; g < groups; ++g) {
      const std::int64_t at = g * kEmbeddingGroup;
      const std::int64_t left = dim - at;
      scales[r * groups + g] = pack_group(codes + r * dim + at, args, r * dim + at,
                                          left < kEmbeddingGroup ? left : kEmbeddingGroup);
    }
}

void embedding_int8_generic(const EmbeddingInt8Args& args, const Plan& plan, std::int64_t task,
                            void*) {
  const RowRange tokens = part_of(args.num_tokens, task, plan.num_tasks);
  const std::int64_t dim = args.table.dim;
  const std::int64_t groups = num_embedding_groups(args.table);
  const auto* packed = static_cast<const char*>(args.packed);
  for (std::int64_t t = tokens.begin; t < tokens.end; ++t) {
    const auto* codes = reinterpret_cast<const std::int8_t*>(packed) + args.ids[t] * dim;
    const auto* scales =
        reinterpret_cast<const float*>(packed + int8_scales_at(args.table)) + args.ids[t] * groups;
    for (std::int64_t i = 0; i < dim; ++i)
      args.out[t * dim + i] = static_cast<float>(codes[i]) * scales[i / kEmbeddingGroup];
  }
}

}  // namespace

void add_embedding_int8_generic(CpuKernels& table) {
  table.pack_embedding_int8 = pack_embedding_int8_generic;
  table.embedding_int8 = embedding_int8_generic;
}

}  // namespace reranker::kernels
