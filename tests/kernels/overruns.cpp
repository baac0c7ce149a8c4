#include <sys/mman.h>
#include <unistd.h>

#include "tests/kernels/int8_tables.hpp"

// Masked loads and stores are what sanitizers do not look at. Here what kernels go through by lanes
// ends where a page begins that may not be touched; packed weights and scratch, which are aligned,
// less than an alignment before it.

using namespace reranker::kernels;
using namespace reranker::kernels::test;

namespace {

/// `bytes` of memory, aligned to `alignment`. A touch of what lies a page or less behind it ends
/// the process; what aligning leaves between is looked at in the end.
class Guarded {
 public:
  explicit Guarded(std::size_t bytes, std::size_t alignment = alignof(float))
      : bytes_(bytes), gap_((alignment - bytes % alignment) % alignment) {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    mapped_ = (bytes + gap_ + page - 1) / page * page + page;
    void* memory =
        ::mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(memory != MAP_FAILED);
    begin_ = static_cast<char*>(memory);
    REQUIRE(::mprotect(begin_ + mapped_ - page, page, PROT_NONE) == 0);
    data_ = begin_ + mapped_ - page - bytes - gap_;
    std::memset(data_, kUntouched, bytes + gap_);
  }
  explicit Guarded(const std::vector<float>& values) : Guarded(values.size() * sizeof(float)) {
    if (!values.empty()) std::memcpy(data_, values.data(), bytes_);
  }
  ~Guarded() {
    CHECK(std::count(data_ + bytes_, data_ + bytes_ + gap_, static_cast<char>(kUntouched)) ==
          static_cast<std::ptrdiff_t>(gap_));
    ::munmap(begin_, mapped_);
  }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  void* data() const { return data_; }
  float* floats() const { return reinterpret_cast<float*>(data_); }

 private:
  static constexpr int kUntouched = 0x5a;

  std::size_t bytes_;
  std::size_t gap_;
  std::size_t mapped_ = 0;
  char* begin_ = nullptr;
  char* data_ = nullptr;
};

Guarded room_for(std::int64_t num_floats) {
  return Guarded(static_cast<std::size_t>(num_floats) * sizeof(float));
}

template <typename Args>
void run_guarded(const Args& args, Plan (*plan_of)(const Args&, int),
                 void (*op)(const Args&, const Plan&, std::int64_t, void*)) {
  const Plan plan = plan_of(args, 3);
  for (std::int64_t task = 0; task < plan.num_tasks; ++task) {
    const Guarded scratch(plan.scratch_bytes, kAlignment);
    op(args, plan, task, scratch.data());
  }
}

/// Of a product: W (n, k), rows of x, and what is added to theirs.
struct Operands {
  Operands(std::int64_t n, std::int64_t k, std::int64_t tokens)
      : weights(random_floats(n * k, 1)),
        x(random_floats(tokens * k, 2)),
        residual(random_floats(tokens * n, 3)),
        bias(random_floats(n, 4)) {}

  Guarded weights, x, residual, bias;
};

RowOrder order_for(Epilogue epilogue) {
  return epilogue == Epilogue::swiglu ? RowOrder::gate_up : RowOrder::plain;
}

}  // namespace

TEST_CASE("linear touches nothing beyond its operands", "[overruns][linear]") {
  const auto epilogue = GENERATE(Epilogue::store, Epilogue::add, Epilogue::swiglu, Epilogue::gelu);
  const std::int64_t k = GENERATE(1, 19, 600);
  const std::int64_t n = GENERATE(2, 22, 40);
  const std::int64_t tokens = GENERATE(1, 7, 19, 111);
  const LinearWeights shape{n, k, WeightType::fp32, order_for(epilogue)};
  const Operands of(n, k, tokens);
  const float* added = epilogue == Epilogue::swiglu ? nullptr : of.bias.floats();
  for (const CpuKernels* kernels : all_tables()) {
    const Guarded packed(packed_linear_bytes(shape), kAlignment);
    kernels->pack_linear({shape, packed.data(), of.weights.data(), 0, n});
    const Guarded out = room_for(tokens * (epilogue == Epilogue::swiglu ? n / 2 : n));
    run_guarded(LinearArgs{shape, packed.data(), out.floats(), of.x.floats(), of.residual.floats(),
                           tokens, epilogue, added},
                kernels->plan_linear, kernels->linear);
  }
}

TEST_CASE("int8 touches nothing beyond its operands", "[overruns][linear_int8]") {
  const auto epilogue = GENERATE(Epilogue::store, Epilogue::add, Epilogue::swiglu, Epilogue::gelu);
  const std::int64_t k = GENERATE(1, 19, 600);
  const std::int64_t n = GENERATE(2, 22, 40);
  const std::int64_t tokens = GENERATE(1, 7, 19, 111);
  const LinearInt8Weights form{{n, k, WeightType::fp32, order_for(epilogue)}, Int8Range::quads};
  const Operands of(n, k, tokens);
  const float* added = epilogue == Epilogue::swiglu ? nullptr : of.bias.floats();
  for (const CpuKernels* kernels : all_int8_tables()) {
    const Guarded rotated = room_for(n * k);
    kernels->rotate_rows({rotated.floats(), of.weights.data(), WeightType::fp32, n, k});
    const Guarded packed(packed_linear_int8_bytes(form), kAlignment);
    kernels->pack_linear_int8({form, packed.data(), rotated.data(), 0, n});
    const Guarded codes(static_cast<std::size_t>(tokens * int8_stride(k)), 1);
    auto* const bytes = static_cast<std::uint8_t*>(codes.data());
    const Guarded scales = room_for(tokens);
    run_guarded(QuantizeArgs{bytes, scales.floats(), of.x.floats(), tokens, k},
                kernels->plan_quantize, kernels->quantize);
    const Guarded out = room_for(tokens * (epilogue == Epilogue::swiglu ? n / 2 : n));
    run_guarded(LinearInt8Args{form, packed.data(), out.floats(), bytes, scales.floats(),
                               of.residual.floats(), tokens, epilogue, added},
                kernels->plan_linear_int8, kernels->linear_int8);
  }
}

TEST_CASE("attention touches nothing beyond its operands", "[overruns][attention]") {
  const std::int64_t head_dim = GENERATE(1, 19, 32, 70);
  const auto offsets = offsets_of(
      GENERATE(std::vector<int>{1}, std::vector<int>{7, 19, 1, 111}, std::vector<int>{257, 16}));
  const std::int64_t tokens = offsets.back();
  const Guarded qkv(random_floats(tokens * (4 + 2 * 2) * head_dim, 5));
  for (const CpuKernels* kernels : all_tables()) {
    const Guarded out = room_for(tokens * 4 * head_dim);
    AttentionArgs args{out.floats(),
                       qkv.floats(),
                       offsets.data(),
                       nullptr,
                       tokens,
                       static_cast<std::int64_t>(offsets.size()) - 1,
                       4,
                       2,
                       head_dim};
    const Guarded packed(kernels->attention.packed_bytes(args), kAlignment);
    args.packed = packed.data();
    run_guarded(args, kernels->attention.plan_pack, kernels->attention.pack);
    run_guarded(args, kernels->attention.plan, kernels->attention.run);
  }
}

TEST_CASE("norms and embeddings touch nothing beyond their operands", "[overruns]") {
  const std::int64_t dim = GENERATE(1, 7, 19, 40, 111);
  const std::vector<std::int32_t> ids{2, 0, 2, 1};
  const Guarded x(random_floats(4 * dim, 6));
  const Guarded weight(random_floats(dim, 7));
  const Guarded table(random_floats(3 * dim, 8));
  for (const CpuKernels* kernels : all_tables()) {
    const Guarded out = room_for(4 * dim);
    run_guarded(RmsNormArgs{out.floats(), x.floats(), weight.floats(), 4, dim, 1e-5f},
                kernels->plan_rms_norm, kernels->rms_norm);
    run_guarded(
        LayerNormArgs{out.floats(), x.floats(), weight.floats(), weight.floats(), 4, dim, 1e-5f},
        kernels->plan_layer_norm, kernels->layer_norm);
    run_guarded(EmbeddingArgs{out.floats(), table.data(), ids.data(), 4, dim, WeightType::fp32},
                kernels->plan_embedding, kernels->embedding);
    const EmbeddingInt8Table form{3, dim};
    const Guarded codes(packed_embedding_int8_bytes(form), kAlignment);
    kernels->pack_embedding_int8({form, codes.data(), table.data(), WeightType::fp32, 0, 3});
    run_guarded(EmbeddingInt8Args{form, codes.data(), out.floats(), ids.data(), 4},
                kernels->plan_embedding_int8, kernels->embedding_int8);
  }
}
