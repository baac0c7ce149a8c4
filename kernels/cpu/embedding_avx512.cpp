#include "kernels/cpu/math_avx512.hpp"
#include "kernels/cpu/tables.hpp"

namespace reranker::kernels {
namespace {

struct Bf16 {
  using Element = std::uint16_t;
  static Floats widen(const Element* from, Lanes lanes) { return widen_bf16(from, lanes); }
};

struct Fp16 {
  using Element = std::uint16_t;
  static Floats widen(const Element* from, Lanes lanes) { return widen_fp16(from, lanes); }
};

struct Fp32 {
  using Element = float;
  static Floats widen(const Element* from, Lanes lanes) { return load_lanes(from, lanes); }
};

template <typename Type>
void gather(const EmbeddingArgs& args, RowRange tokens) {
  const auto* table = static_cast<const typename Type::Element*>(args.table);
  for (std::int64_t t = tokens.begin; t < tokens.end; ++t) {
    const auto* row = table + args.ids[t] * args.dim;
    float* out = args.out + t * args.dim;
    for (std::int64_t i = 0; i < args.dim; i += 16) {
      const std::int64_t left = args.dim - i;
      store_first(out + i, Type::widen(row + i, first_lanes(left < 16 ? left : 16)), left);
    }
  }
}

void embedding_avx512(const EmbeddingArgs& args, const Plan& plan, std::int64_t task, void*) {
  const RowRange tokens = part_of(args.num_tokens, task, plan.num_tasks);
  switch (args.type) {
    case WeightType::bf16: return gather<Bf16>(args, tokens);
    case WeightType::fp16: return gather<Fp16>(args, tokens);
    case WeightType::fp32: return gather<Fp32>(args, tokens);
  }
}

}  // namespace

void add_embedding_avx512(CpuKernels& table) {
  table.embedding = embedding_avx512;
}

}  // namespace reranker::kernels
