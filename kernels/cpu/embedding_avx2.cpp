#include <immintrin.h>

#include "kernels/cpu/tables.hpp"

namespace reranker::kernels {
namespace {

struct Bf16 {
  using Element = std::uint16_t;
  static __m256 widen_8(const Element* from) {
    const __m128i words = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(words), 16));
  }
  static float widen(Element from) {
    return _mm_cvtss_f32(_mm_castsi128_ps(_mm_cvtsi32_si128(from << 16)));
  }
};

struct Fp16 {
  using Element = std::uint16_t;
  static __m256 widen_8(const Element* from) {
    return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
  }
  static float widen(Element from) { return _cvtsh_ss(from); }
};

struct Fp32 {
  using Element = float;
  static __m256 widen_8(const Element* from) { return _mm256_loadu_ps(from); }
  static float widen(Element from) { return from; }
};

template <typename Type>
void gather(const EmbeddingArgs& args, RowRange tokens) {
  const auto* table = static_cast<const typename Type::Element*>(args.table);
  for (std::int64_t t = tokens.begin; t < tokens.end; ++t) {
    const auto* row = table + args.ids[t] * args.dim;
    float* out = args.out + t * args.dim;
    std::int64_t i = 0;
    for (; i + 8 <= args.dim; i += 8) _mm256_storeu_ps(out + i, Type::widen_8(row + i));
    for (; i < args.dim; ++i) out[i] = Type::widen(row[i]);
  }
}

void embedding_avx2(const EmbeddingArgs& args, const Plan& plan, std::int64_t task, void*) {
  const RowRange tokens = part_of(args.num_tokens, task, plan.num_tasks);
  switch (args.type) {
    case WeightType::bf16: return gather<Bf16>(args, tokens);
    case WeightType::fp16: return gather<Fp16>(args, tokens);
    case WeightType::fp32: return gather<Fp32>(args, tokens);
  }
}

}  // namespace

void add_embedding_avx2(CpuKernels& table) {
  table.embedding = embedding_avx2;
}

}  // namespace reranker::kernels
