#include "kernels/cuda/attention.hpp"

#include <algorithm>
#include <string>

#include "tests/cuda/attention_support.hpp"
#ifdef RERANKER_CUDA_ON_HOST
#include "tests/cuda_on_host/emulator.hpp"
#endif

namespace reranker::kernels::cuda::test {
namespace {

double tolerance(Type type) {
  return type == Type::fp32 ? 1e-5 : type == Type::fp16 ? 5e-4 : 3e-3;
}
constexpr double kLogSumExpTolerance = 1e-5;

/// Those that run here on that shape.
std::vector<const AttentionKernel*> kernels(const Shape& shape) {
  DeviceInfo info;
  REQUIRE(read_device_info(0, &info) == kSuccess);
  std::vector<const AttentionKernel*> found;
  for (const auto* kernel : {&kAttentionGeneric, &kAttentionSm80, &kAttentionSm90}) {
    if (kernel->supports(shape.args(), info.capability)) found.push_back(kernel);
  }
  REQUIRE(!found.empty());
  return found;
}

void check(const Shape& shape, const std::vector<int>& lengths, float sharpness = 1,
           float offset = 0) {
  const auto batch = make_batch(shape, lengths, sharpness, offset);
  for (const auto* kernel : kernels(shape)) {
    const auto outputs = run(*kernel, shape, batch);
    for (std::size_t s = 0; s < lengths.size(); ++s) {
      INFO(kernel->name << ' ' << name(shape.type) << " H " << shape.num_heads << " KV "
                        << shape.num_kv_heads << " D " << shape.head_dim << " length "
                        << lengths[s]);
      const auto errors = compare(shape, batch, outputs, s);
      CHECK(errors.out <= tolerance(shape.type));
      CHECK(errors.log_sum_exp <= kLogSumExpTolerance);
    }
  }
}

/// A batch's sequence as a batch of its own.
Batch alone(const Shape& shape, const Batch& batch, std::size_t sequence) {
  const auto row = shape.width() * size_in_bytes(shape.type);
  Batch one;
  one.offsets.push_back(batch.offsets[sequence + 1] - batch.offsets[sequence]);
  one.qkv.assign(batch.qkv.begin() + batch.offsets[sequence] * row,
                 batch.qkv.begin() + batch.offsets[sequence + 1] * row);
  return one;
}

TEST_CASE("attention agrees with fp64 at lengths around its tiles", "[attention]") {
  for (const auto type : {Type::bf16, Type::fp16}) {
    check({type, 4, 1, 64}, {1, 63, 64, 65, 127, 128, 129, 257, 2, 31, 32, 33});
  }
}

TEST_CASE("attention agrees with fp64 for every group of query heads", "[attention]") {
  for (const int group : {1, 3, 4, 8}) check({Type::bf16, 2 * group, 2, 64}, {70, 1, 43, 130});
  check({Type::bf16, 5, 1, 32}, {130});
}

TEST_CASE("attention agrees with fp64 for every head dimension", "[attention]") {
  for (const int dim : {32, 64, 128}) {
    for (const auto type : {Type::bf16, Type::fp16, Type::fp32})
      check({type, 6, 2, dim}, {111, 19, 140});
  }
}

TEST_CASE("attention agrees with fp64 where logits saturate", "[attention]") {
  for (const auto type : {Type::bf16, Type::fp16, Type::fp32})
    check({type, 4, 1, 64}, {150, 65, 7}, 40);
}

TEST_CASE("attention agrees with fp64 where all logits of a row are large", "[attention]") {
  for (const auto type : {Type::bf16, Type::fp16, Type::fp32})
    check({type, 4, 1, 64}, {150, 65, 7}, 4, 10);
}

TEST_CASE("attention agrees with fp64 on a long sequence", "[attention]") {
  check({Type::bf16, 2, 1, 64}, {1025});
}

TEST_CASE("attention gives a sequence the same bits alone and in a batch", "[attention]") {
  const Shape shape{Type::bf16, 6, 2, 64};
  const std::vector<int> lengths{65, 3, 140, 1, 33};
  const auto batch = make_batch(shape, lengths);
  for (const auto* kernel : kernels(shape)) {
    const auto together = run(*kernel, shape, batch);
    for (std::size_t s = 0; s < lengths.size(); ++s) {
      INFO(kernel->name << " length " << lengths[s]);
      const auto outputs = run(*kernel, shape, alone(shape, batch, s));
      const auto row = static_cast<std::ptrdiff_t>(together.out.size()) / batch.offsets.back();
      CHECK(std::equal(outputs.out.begin(), outputs.out.end(),
                       together.out.begin() + batch.offsets[s] * row));
    }
  }
}

TEST_CASE("attention does not see a neighbour's NaN", "[attention]") {
  const Shape shape{Type::bf16, 4, 1, 64};
  const std::vector<int> lengths{5, 70, 3, 33, 9};
  auto batch = make_batch(shape, lengths);
  const auto row = shape.width() * size_in_bytes(shape.type);
  for (const std::size_t s : {0, 2, 4}) {
    std::fill(batch.qkv.begin() + batch.offsets[s] * row,
              batch.qkv.begin() + batch.offsets[s + 1] * row, static_cast<unsigned char>(0xff));
  }
  for (const auto* kernel : kernels(shape)) {
    INFO(kernel->name);
    const auto outputs = run(*kernel, shape, batch);
    for (const std::size_t s : {1, 3}) {
      CHECK(compare(shape, batch, outputs, s).out <= tolerance(shape.type));
    }
  }
}

TEST_CASE("attention without log-sum-exp writes the same outputs", "[attention]") {
  const Shape shape{Type::fp16, 4, 1, 64};
  const auto batch = make_batch(shape, {70});
  for (const auto* kernel : kernels(shape)) {
    INFO(kernel->name);
    CHECK(run(*kernel, shape, batch, false).out == run(*kernel, shape, batch).out);
  }
}

TEST_CASE("attention without work is no error", "[attention]") {
  for (const auto* kernel : kernels({Type::bf16, 4, 1, 64})) {
    CHECK(kernel->run(Shape{Type::bf16, 4, 1, 64}.args(), nullptr) == kSuccess);
  }
}

#ifdef RERANKER_CUDA_ON_HOST

TEST_CASE("attention's threads may run in any order, and none of their loads conflict",
          "[attention]") {
  for (const int dim : {32, 64, 128}) {
    const Shape shape{Type::bf16, 6, 2, dim};
    const auto batch = make_batch(shape, {140, 21});
    for (const auto* kernel : kernels(shape)) {
      INFO(kernel->name << " D " << dim);
      std::vector<Bytes> outputs;
      for (const std::uint64_t seed : {1, 2, 3}) {
        host::settings().seed = seed;
        outputs.push_back(run(*kernel, shape, batch).out);
        CHECK(host::last_launch().ldmatrix_conflicts == 0);
        CHECK(host::last_launch().shared_conflicts == 0);
        CHECK(host::last_launch().poisoned_reads == 0);
      }
      CHECK(outputs[0] == outputs[1]);
      CHECK(outputs[0] == outputs[2]);
    }
  }
}

#endif

TEST_CASE("find_attention_kernel gives fp32 and odd shapes to the generic kernel", "[attention]") {
  const auto found = [](Type type, int dim, int capability) {
    return std::string(find_attention_kernel(Shape{type, 4, 1, dim}.args(), capability).name);
  };
  CHECK(found(Type::fp32, 64, 90) == "generic");
  CHECK(found(Type::bf16, 96, 90) == "generic");
  CHECK(found(Type::bf16, 64, 80) == "sm80");
  CHECK(found(Type::fp16, 32, 89) == "sm80");
  CHECK(found(Type::bf16, 64, 90) == "sm90a");
}

TEST_CASE("make_attention_work cuts sequences, the longest first", "[attention]") {
  const std::int32_t offsets[] = {0, 3, 3, 73, 105};
  const auto work = make_attention_work(offsets, 4, 32);
  const std::vector<std::vector<int>> expected{
      {3, 32, 3, 70}, {35, 32, 3, 70}, {67, 6, 3, 70}, {73, 32, 73, 32}, {0, 3, 0, 3}};
  REQUIRE(work.size() == expected.size());
  for (std::size_t i = 0; i < work.size(); ++i) {
    CHECK(std::vector<int>{work[i].first_query, work[i].num_queries, work[i].first_key,
                           work[i].num_keys} == expected[i]);
  }
}

TEST_CASE("max_attention_work bounds what any lengths give", "[attention]") {
  CHECK(max_attention_work(0, 0, 32) == 0);
  CHECK(max_attention_work(5, 5, 32) == 5);
  CHECK(max_attention_work(33, 1, 32) == 2);
  CHECK(max_attention_work(66, 2, 32) == 4);  // 33 and 33; 65 and 1
  CHECK(max_attention_work(100, 3, 1) == 100);
}

}  // namespace
}  // namespace reranker::kernels::cuda::test
