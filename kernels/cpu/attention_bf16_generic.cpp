#include "kernels/cpu/attention_scalar.hpp"
#include "kernels/cpu/bf16_scalar.hpp"

namespace reranker::kernels {
namespace {

struct Bf16 {
  static constexpr const char* kName = "bf16";
  static float chain(const float* a, std::int64_t a_step, const float* b, std::int64_t b_step,
                     std::int64_t count) {
    float sum = 0.0f;
    for (std::int64_t i = 0; i < count; i += 2) {
      const bool full = i + 1 < count;
      const std::uint16_t x[2] = {rounded_to_bf16(a[i * a_step]),
                                  rounded_to_bf16(full ? a[(i + 1) * a_step] : 0.0f)};
      const std::uint16_t w[2] = {rounded_to_bf16(b[i * b_step]),
                                  rounded_to_bf16(full ? b[(i + 1) * b_step] : 0.0f)};
      sum = add_pair(sum, x, w);
    }
    return sum;
  }
};

}  // namespace

void add_attention_bf16_generic(CpuKernels& table) {
  table.attention_bf16 = attention_kernels<Bf16>();
}

}  // namespace reranker::kernels
