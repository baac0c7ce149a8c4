#include <functional>
#include <string>
#include <vector>

#include "benchmarks/kernels/lines.hpp"
#include "benchmarks/operands.hpp"

namespace reranker::kernels {
namespace {

constexpr std::int64_t kRows = 8192, kColumns = 2048;

std::size_t source_bytes(WeightType type) {
  return static_cast<std::size_t>(kRows * kColumns * (type == WeightType::fp32 ? 4 : 2));
}

/// Measures pack(packed, source).
void measure_pack(const Options& options, const std::string& kernel, WeightType type,
                  std::size_t packed_bytes, const std::function<void(void*, const void*)>& pack) {
  const std::string name = kernel + " " + name_of(type) + " n 8192 k 2048";
  if (!wanted(options, name)) return;
  const Memory packed(packed_bytes);
  const Memory source(source_bytes(type));
  measure(options, name, 0, static_cast<double>(source_bytes(type)),
          [&] { pack(packed.data(), source.data()); });
}

}  // namespace

void bench_pack(const Options& options, WeightType type) {
  const LinearWeights shape{kRows, kColumns, type, RowOrder::plain};
  measure_pack(options, "pack_linear", type, packed_linear_bytes(shape),
               [&](void* packed, const void* source) {
                 options.kernels->pack_linear({shape, packed, source, 0, kRows});
               });
}

void bench_pack_int8(const Options& options, WeightType type) {
  const LinearInt8Weights weights{{kRows, kColumns, type, RowOrder::plain},
                                  options.kernels->int8_range};
  measure_pack(options, "pack_linear_int8", type, packed_linear_int8_bytes(weights),
               [&](void* packed, const void* source) {
                 options.kernels->pack_linear_int8({weights, packed, source, 0, kRows});
               });
}

void bench_pack_bf16(const Options& options, WeightType type) {
  if (options.kernels->bf16_sequence == nullptr) return;
  const LinearWeights shape{kRows, kColumns, type, RowOrder::plain};
  measure_pack(options, "pack_linear_bf16", type, packed_linear_bf16_bytes(shape),
               [&](void* packed, const void* source) {
                 options.kernels->pack_linear_bf16({shape, packed, source, 0, kRows});
               });
}

void bench_rotate(const Options& options, WeightType type) {
  const std::string name = std::string("rotate_rows ") + name_of(type) + " 1024 x 2048";
  if (!wanted(options, name)) return;
  const double bytes = 1024.0 * 2048.0 * (type == WeightType::fp32 ? 8 : 6);
  const Memory source(static_cast<std::size_t>(bytes));
  std::vector<float> out(1024 * 2048);
  measure(options, name, 0, bytes, [&] {
    options.kernels->rotate_rows({out.data(), source.data(), type, 1024, 2048});
  });
}

}  // namespace reranker::kernels
