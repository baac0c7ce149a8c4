#include "kernels/cpu/attention_scalar.hpp"

namespace reranker::kernels {
namespace {

struct Fp32 {
  static constexpr const char* kName = "fp32";
  static float chain(const float* a, std::int64_t a_step, const float* b, std::int64_t b_step,
                     std::int64_t count) {
    float sum = 0.0f;
    for (std::int64_t i = 0; i < count; ++i) sum = std::fma(a[i * a_step], b[i * b_step], sum);
    return sum;
  }
};

}  // namespace

void add_attention_generic(CpuKernels& table) {
  table.attention = attention_kernels<Fp32>();
}

}  // namespace reranker::kernels
