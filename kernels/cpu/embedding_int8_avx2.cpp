#include <cstring>

#include "kernels/cpu/int8_codes_avx2.hpp"
#include "kernels/cpu/int8_layout.hpp"
#include "kernels/cpu/tables.hpp"
#include "kernels/cpu/widen_avx2.hpp"

namespace reranker::kernels {
namespace {

constexpr std::int64_t kRegisters = kEmbeddingGroup / 8;

// A group of a row as its table has it, zeros past the row's end.
struct Group {
  char bytes[kEmbeddingGroup * 4] = {};
  WeightType type;

  Group(const PackEmbeddingInt8Args& args, std::int64_t begin, std::int64_t count)
      : type(args.type) {
    const std::int64_t size = type == WeightType::fp32 ? 4 : 2;
    std::memcpy(bytes, static_cast<const char*>(args.rows) + begin * size,
                static_cast<std::size_t>(count * size));
  }
  __m256 at(std::int64_t i) const { return widened(bytes, type, 8 * i); }
};

// Codes of a whole group.
float pack_group(std::int8_t* codes, const Group& group) {
  __m256i magnitudes = least_magnitudes();
  for (std::int64_t i = 0; i < kRegisters; ++i)
    magnitudes = larger_magnitudes(magnitudes, group.at(i));
  const float m = largest(magnitudes);
  const __m256 inverse = _mm256_set1_ps(127.0f / m);
  for (std::int64_t i = 0; i < kRegisters; i += 4) {
    __m256i q[4];
    for (int j = 0; j < 4; ++j) q[j] = quantized(group.at(i + j), inverse);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(codes + 8 * i), bytes_of(q));
  }
  return m / 127.0f;
}

void pack_embedding_int8_avx2(const PackEmbeddingInt8Args& args) {
  const std::int64_t dim = args.table.dim;
  for (std::int64_t r = 0; r < args.num_rows; ++r) {
    const EmbeddingRow row = embedding_row(args.table, args.packed, args.first_row + r);
    for (std::int64_t i = 0; i < dim; i += kEmbeddingGroup) {
      const std::int64_t count = dim - i < kEmbeddingGroup ? dim - i : kEmbeddingGroup;
      std::int8_t codes[kEmbeddingGroup];
      row.scales[i / kEmbeddingGroup] = pack_group(codes, Group(args, r * dim + i, count));
      std::memcpy(row.codes + i, codes, static_cast<std::size_t>(count));
    }
  }
}

__m256 floats_of(const std::int8_t* codes) {
  const __m128i eight = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(codes));
  return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(eight));
}

void gather_row(float* out, const EmbeddingRow& row, std::int64_t dim) {
  std::int64_t i = 0;
  for (; i + 8 <= dim; i += 8) {
    const __m256 scale = _mm256_broadcast_ss(row.scales + i / kEmbeddingGroup);
    _mm256_storeu_ps(out + i, _mm256_mul_ps(floats_of(row.codes + i), scale));
  }
  for (; i < dim; ++i) out[i] = static_cast<float>(row.codes[i]) * row.scales[i / kEmbeddingGroup];
}

void embedding_int8_avx2(const EmbeddingInt8Args& args, const Plan& plan, std::int64_t task,
                         void*) {
  const RowRange tokens = part_of(args.num_tokens, task, plan.num_tasks);
  for (std::int64_t t = tokens.begin; t < tokens.end; ++t)
    gather_row(args.out + t * args.table.dim,
               embedding_row(args.table, const_cast<void*>(args.packed), args.ids[t]),
               args.table.dim);
}

}  // namespace

void add_embedding_int8_avx2(CpuKernels& table) {
  table.pack_embedding_int8 = pack_embedding_int8_avx2;
  table.embedding_int8 = embedding_int8_avx2;
}

}  // namespace reranker::kernels
