#include "kernels/cpu/amx.hpp"

#include <cpuid.h>

#include <cstring>
#include <vector>

#ifdef __linux__
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace reranker::kernels {
namespace {

// Intel's manual, CPUID: leaf 7, EDX bits 22 (products of bf16), 24 (tiles) and 25 (of bytes).
bool processor_has_amx() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (d >> 22 & 13) == 13;
}

// Leaf 1, ECX bit 27: XGETBV is there. XCR0 bits 17 and 18: tiles and their shapes are saved.
bool system_saves_tiles() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c >> 27 & 1) == 0) return false;
  unsigned low = 0, high = 0;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (low >> 17 & 3) == 3;
}

// Linux: Documentation/arch/x86/xstate.rst.
bool system_grants_tiles() {
#ifdef __linux__
  constexpr long kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr long kTileData = 18;
  return ::syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

struct alignas(kAlignment) Line {
  char bytes[kAlignment];
};

std::vector<Line> lines_for(std::size_t bytes) {
  return std::vector<Line>(bytes / sizeof(Line) + 1);
}

// Products of sizes at which tiles are whole, partly filled and missing.
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

  std::vector<float> of_codes(const CpuKernels& kernels) const {
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
         kTokens,
         Epilogue::store},
        kernels.plan_linear_int8, kernels.linear_int8);
    return out;
  }

  std::vector<float> of_words(const CpuKernels& kernels) const {
    auto packed = lines_for(packed_linear_bf16_bytes(kShape));
    kernels.pack_linear_bf16({kShape, packed.data(), weights_.data(), 0, kShape.n});
    std::vector<float> out(kOutputs);
    run({kShape, packed.data(), out.data(), words_.data(), nullptr, kTokens, Epilogue::store},
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

  static constexpr std::int64_t kTokens = 37;
  static constexpr LinearWeights kShape{40, 192, WeightType::fp32, RowOrder::plain};
  static constexpr std::size_t kOutputs = 37 * 40;

  std::vector<std::uint8_t> codes_ = std::vector<std::uint8_t>(37 * 192);
  std::vector<std::uint16_t> words_ = std::vector<std::uint16_t>(37 * 192);
  std::vector<float> scales_ = std::vector<float>(37);
  std::vector<float> weights_ = std::vector<float>(40 * 192);
};

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

}  // namespace

bool amx_granted() {
  return processor_has_amx() && system_saves_tiles() && system_grants_tiles();
}

bool same_products(const CpuKernels& a, const CpuKernels& b) {
  const Products products;
  return same_bits(products.of_codes(a), products.of_codes(b)) &&
         same_bits(products.of_words(a), products.of_words(b));
}

}  // namespace reranker::kernels
