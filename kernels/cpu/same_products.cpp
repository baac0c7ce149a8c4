#include <cstring>
#include <vector>

#include "kernels/cpu/amx.hpp"

namespace reranker::kernels {
namespace {

struct alignas(kAlignment) Line {
  char bytes[kAlignment];
};

std::vector<Line> lines_for(std::size_t bytes) {
  return std::vector<Line>(bytes / sizeof(Line) + 1);
}

// Products at which tiles are whole, partly filled and missing: 52 rows are two tiles, one and a
// quarter of one, 40 are two and half of one; 600 columns are blocks of 512 bytes and one of fewer,
// 40 outputs a pair of panels and one alone.
class Products {
 public:
  Products() {
    std::uint32_t state = 1;
    const auto next = [&] { return (state = state * 1664525u + 1013904223u) >> 16; };
    for (auto& code : codes_) code = static_cast<std::uint8_t>(next());
    for (auto& word : words_) word = static_cast<std::uint16_t>((next() & 0x80ff) | 0x3f00);
    for (auto& scale : scales_) scale = static_cast<float>(next()) * 0x1p-16f;
    for (auto& weight : weights_) weight = static_cast<float>(next()) * 0x1p-16f - 0.5f;
  }

  std::vector<float> of_codes(const CpuKernels& kernels, std::int64_t num_tokens) const {
    auto packed = lines_for(packed_linear_int8_bytes({kShape, Int8Range::full}));
    kernels.pack_linear_int8(
        {{kShape, Int8Range::full}, packed.data(), weights_.data(), 0, kShape.n});
    std::vector<float> out(kOutputs);
    run({{kShape, Int8Range::full},
         packed.data(),
         out.data(),
         codes_.data(),
         scales_.data(),
         nullptr,
         num_tokens,
         Epilogue::store},
        kernels.plan_linear_int8, kernels.linear_int8);
    return out;
  }

  std::vector<float> of_words(const CpuKernels& kernels, std::int64_t num_tokens) const {
    auto packed = lines_for(packed_linear_bf16_bytes(kShape));
    kernels.pack_linear_bf16({kShape, packed.data(), weights_.data(), 0, kShape.n});
    std::vector<float> out(kOutputs);
    run({kShape, packed.data(), out.data(), words_.data(), nullptr, num_tokens, Epilogue::store},
        kernels.plan_linear_bf16, kernels.linear_bf16);
    return out;
  }

 private:
  template <typename Args>
  static void run(const Args& args, Plan (*plan_op)(const Args&, int),
                  void (*op)(const Args&, const Plan&, std::int64_t, void*)) {
    const Plan plan = plan_op(args, 1);
    auto scratch = lines_for(plan.scratch_bytes);
    for (std::int64_t task = 0; task < plan.num_tasks; ++task) op(args, plan, task, scratch.data());
  }

  static constexpr std::size_t kMostTokens = 52;
  static constexpr LinearWeights kShape{40, 600, WeightType::fp32, RowOrder::plain};
  static constexpr std::size_t kOutputs = kMostTokens * 40;

  // Rows of int8_stride and bf16_stride of 600.
  std::vector<std::uint8_t> codes_ = std::vector<std::uint8_t>(kMostTokens * 640);
  std::vector<std::uint16_t> words_ = std::vector<std::uint16_t>(kMostTokens * 608);
  std::vector<float> scales_ = std::vector<float>(kMostTokens);
  std::vector<float> weights_ = std::vector<float>(40 * 600);
};

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

}  // namespace

bool same_products(const CpuKernels& a, const CpuKernels& b) {
  const Products products;
  for (const std::int64_t num_tokens : {52, 40})
    if (!same_bits(products.of_codes(a, num_tokens), products.of_codes(b, num_tokens)) ||
        !same_bits(products.of_words(a, num_tokens), products.of_words(b, num_tokens)))
      return false;
  return true;
}

}  // namespace reranker::kernels
