#include <algorithm>
#include <vector>

#include "cuda_on_host/block.hpp"
#include "cuda_on_host/device_memory.hpp"
#include "cuda_on_host/numbers_host.hpp"
#include "cuda_on_host/streams_host.hpp"
#include "cuda_on_host/wide.hpp"
#include "kernels/cuda/launch.hpp"
#include "kernels/cuda/linear.hpp"

// linear.hpp in loops: fp32 sums over k in order, so that a row depends on itself alone.

namespace reranker::kernels::cuda {

namespace {

using namespace host;

void widen(float* to, const void* from, std::int64_t offset, std::int64_t count, Type type) {
  for (std::int64_t i = 0; i < count; ++i) {
    switch (type) {
      case Type::fp32: to[i] = static_cast<const float*>(from)[offset + i]; break;
      case Type::bf16:
        to[i] = from_bf16(static_cast<const std::uint16_t*>(from)[offset + i]);
        break;
      case Type::fp16:
        to[i] = from_fp16(static_cast<const std::uint16_t*>(from)[offset + i]);
        break;
      case Type::e4m3: to[i] = from_e4m3(static_cast<const std::uint8_t*>(from)[offset + i]); break;
    }
  }
}

void narrow(void* to, std::int64_t index, float value, Type type) {
  switch (type) {
    case Type::fp32: static_cast<float*>(to)[index] = value; break;
    case Type::bf16: static_cast<std::uint16_t*>(to)[index] = to_bf16(value); break;
    case Type::fp16: static_cast<std::uint16_t*>(to)[index] = to_fp16(value); break;
    case Type::e4m3: static_cast<std::uint8_t*>(to)[index] = to_e4m3(value); break;
  }
}

constexpr int kColumns = 64;  // of the output at a time

RERANKER_WIDE void multiply_row(float* sums, const float* x, const float* columns, int k) {
  for (int n = 0; n < kColumns; ++n) sums[n] = 0.0f;
  for (int i = 0; i < k; ++i)
    for (int n = 0; n < kColumns; ++n) sums[n] += x[i] * columns[i * kColumns + n];
}

// (k, kColumns): rows `first` and on of the weight, zeros beyond its last.
std::vector<float> transpose(const LinearArgs& args, int first) {
  const auto [n, k, type, out_type] = args.shape;
  std::vector<float> columns(static_cast<std::size_t>(k) * kColumns), row(k);
  for (int j = 0; j < std::min(kColumns, n - first); ++j) {
    widen(row.data(), args.weight, std::int64_t{first + j} * k, k, type);
    for (int i = 0; i < k; ++i) columns[static_cast<std::size_t>(i) * kColumns + j] = row[i];
  }
  return columns;
}

void store(const LinearArgs& args, int token, int column, float sum) {
  if (args.shape.type == Type::e4m3) sum *= args.x_scales[token] * args.weight_scales[column];
  const std::int64_t index = std::int64_t{token} * args.shape.n + column;
  if (args.accumulate) sum += static_cast<const float*>(args.out)[index];
  narrow(args.out, index, sum, args.shape.out_type);
}

void check_memory(const LinearArgs& args) {
  const auto [n, k, type, out_type] = args.shape;
  const std::size_t tokens = args.num_tokens;
  check_written(args.x, tokens * k * size_in_bytes(type), "linear reads");
  check_written(args.weight, std::size_t(n) * k * size_in_bytes(type), "linear reads");
  const std::size_t out_bytes = tokens * n * size_in_bytes(out_type);
  check_range(args.out, out_bytes, "linear writes");
  if (args.accumulate) check_written(args.out, out_bytes, "linear reads");
  if (type != Type::e4m3) return;
  check_written(args.x_scales, tokens * sizeof(float), "linear reads");
  check_written(args.weight_scales, std::size_t(n) * sizeof(float), "linear reads");
}

void multiply(const LinearArgs& args) {
  check_memory(args);
  const auto [n, k, type, out_type] = args.shape;
  std::vector<float> x(static_cast<std::size_t>(args.num_tokens) * k);
  widen(x.data(), args.x, 0, std::int64_t{args.num_tokens} * k, type);
  float sums[kColumns];
  for (int first = 0; first < n; first += kColumns) {
    const auto columns = transpose(args, first);
    for (int t = 0; t < args.num_tokens; ++t) {
      multiply_row(sums, x.data() + std::int64_t{t} * k, columns.data(), k);
      for (int j = 0; j < std::min(kColumns, n - first); ++j) store(args, t, first + j, sums[j]);
    }
  }
  mark_written(args.out, std::size_t(args.num_tokens) * n * size_in_bytes(out_type));
}

bool same(const LinearShape& a, const LinearShape& b) {
  return a.n == b.n && a.k == b.k && a.type == b.type && a.out_type == b.out_type;
}

bool is_allowed(const LinearShape& shape) {
  if (shape.n <= 0 || shape.k <= 0 || shape.n % 8 != 0 || shape.k % 8 != 0) return false;
  switch (shape.type) {
    case Type::fp32: return shape.out_type == Type::fp32;
    case Type::bf16:
    case Type::fp16: return shape.out_type == Type::fp32 || shape.out_type == shape.type;
    case Type::e4m3:
      return settings().capability == 90 && shape.n % 16 == 0 && shape.k % 16 == 0 &&
             (shape.out_type == Type::fp32 || shape.out_type == Type::bf16);
  }
  return false;
}

}  // namespace

struct Linear::Impl {
  bool open = false;
  std::vector<LinearShape> shapes;
};

Linear::Linear() : impl_(std::make_unique<Impl>()) {}
Linear::~Linear() = default;

Status Linear::open() {
  impl_->open = true;
  return 0;
}

Status Linear::prepare(const LinearShape& shape) {
  if (!impl_->open || !is_allowed(shape)) return kInvalidValue;
  for (const LinearShape& known : impl_->shapes)
    if (same(known, shape)) return 0;
  impl_->shapes.push_back(shape);
  return 0;
}

Status Linear::run(const LinearArgs& args, Stream stream) {
  const auto& shapes = impl_->shapes;
  const bool known = std::any_of(shapes.begin(), shapes.end(),
                                 [&](const LinearShape& shape) { return same(shape, args.shape); });
  if (!known || (args.accumulate && args.shape.out_type != Type::fp32)) return kInvalidValue;
  if (args.num_tokens == 0) return 0;
  return queue(stream, [args] { multiply(args); });
}

std::vector<std::string> Linear::choices() const {
  std::vector<std::string> lines;
  for (const auto& [n, k, type, out_type] : impl_->shapes)
    lines.push_back(std::to_string(n) + " x " + std::to_string(k) + " " + name(type) + " -> " +
                    name(out_type) + ": loops of the host");
  return lines;
}

std::string Linear::library() {
  return "loops of the host";
}

}  // namespace reranker::kernels::cuda
