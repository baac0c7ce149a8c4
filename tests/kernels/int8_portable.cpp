#include "kernels/cpu/int8_tasks.hpp"
#include "kernels/cpu/int8_tiles_tasks.hpp"
#include "kernels/cpu/scalar.hpp"
#include "kernels/cpu/tiles_portable.hpp"
#include "tests/kernels/int8_tables.hpp"

// Stand-ins for the structs that the linear_int8_<isa>.cpp give to int8_tasks.hpp.

namespace reranker::kernels {
namespace {

std::int64_t saturations = 0;

std::int32_t saturated(std::int32_t x) {
  const std::int32_t limited = std::min(std::max(x, -32768), 32767);
  saturations += limited != x ? 1 : 0;
  return limited;
}

struct Sixteen {
  float y[16];
};

template <int Registers>
struct Portable {
  static constexpr int kRegisters = Registers;
  static constexpr int kLanes = 16 / Registers;
  static constexpr std::int64_t kBlock = 512;
  static constexpr std::int64_t kMaxRows = 144;

  struct Ints {
    std::int32_t lane[kLanes];
    std::uint8_t code(int i) const { return bytes()[i]; }
    std::int8_t weight(int i) const { return static_cast<std::int8_t>(bytes()[i]); }
    const std::uint8_t* bytes() const { return reinterpret_cast<const std::uint8_t*>(lane); }
  };
  static Ints zeros() { return {}; }
  static Ints load(const void* from) {
    Ints x;
    std::memcpy(&x, from, sizeof x);
    return x;
  }
  static void store(void* to, const Ints& x) { std::memcpy(to, &x, sizeof x); }
  static Ints add(Ints a, const Ints& b) {
    for (int j = 0; j < kLanes; ++j) a.lane[j] = wrapping_sum(a.lane[j], b.lane[j]);
    return a;
  }
  static Ints broadcast(const std::uint8_t* dword) {
    Ints x;
    for (std::int32_t& lane : x.lane) std::memcpy(&lane, dword, 4);
    return x;
  }

  static void interleave_four(std::uint8_t* to, std::int64_t step, const std::uint8_t* from,
                              std::int64_t stride, std::int64_t columns) {
    for (std::int64_t i = 0; i < columns / 4; ++i)
      for (int r = 0; r < 4; ++r) std::memcpy(to + i * step + r * 4, from + r * stride + i * 4, 4);
  }

  static Sixteen dequantized(const std::int32_t* sums, const std::int32_t* offsets,
                             const float* scales, float scale) {
    Sixteen out;
    for (int j = 0; j < 16; ++j)
      out.y[j] = (static_cast<float>(wrapping_sum(sums[j], -offsets[j])) * scales[j]) * scale;
    return out;
  }
  static Sixteen load_sixteen(const float* from, std::int64_t lanes) {
    Sixteen out{};
    for (std::int64_t j = 0; j < lanes && j < 16; ++j) out.y[j] = from[j];
    return out;
  }
  static void store_sixteen(float* to, const Sixteen& y, std::int64_t lanes) {
    for (std::int64_t j = 0; j < lanes && j < 16; ++j) to[j] = y.y[j];
  }
  static Sixteen sum(Sixteen a, const Sixteen& b) {
    for (int j = 0; j < 16; ++j) a.y[j] += b.y[j];
    return a;
  }
  static Sixteen silu_product(Sixteen gate, const Sixteen& up) {
    for (int j = 0; j < 16; ++j) gate.y[j] = silu_of(gate.y[j]) * up.y[j];
    return gate;
  }
  static Sixteen gelu(Sixteen x) {
    for (float& y : x.y) y = gelu_of(y);
    return x;
  }
};

template <int Registers, int Rows, int Panels>
struct PortableVnni : Portable<Registers> {
  using Ints = typename Portable<Registers>::Ints;
  static constexpr int kRows = Rows;
  static constexpr int kPanels = Panels;
  static constexpr int kDwords = 1;
  static Ints dot(Ints sums, const Ints (&x)[1], const Ints (&w)[1]) {
    for (int i = 0; i < Portable<Registers>::kLanes * 4; ++i)
      sums.lane[i / 4] = wrapping_sum(sums.lane[i / 4], x[0].code(i) * w[0].weight(i));
    return sums;
  }
};

struct PortableMaddubs : Portable<2> {
  static constexpr int kRows = 4;
  static constexpr int kPanels = 1;
  static constexpr int kDwords = 2;
  // Products i and i + 1, as vpmaddubsw adds them.
  static std::int32_t pair(const Ints& x, const Ints& w, int i) {
    return saturated(x.code(i) * w.weight(i) + x.code(i + 1) * w.weight(i + 1));
  }
  static Ints dot(Ints sums, const Ints (&x)[2], const Ints (&w)[2]) {
    for (int i = 0; i < kLanes * 4; i += 2)
      sums.lane[i / 4] =
          wrapping_sum(sums.lane[i / 4], saturated(pair(x[0], w[0], i) + pair(x[1], w[1], i)));
    return sums;
  }
};

CpuKernels make_named(const char* name, Int8Range range) {
  CpuKernels table = generic_kernels();
  table.isa = table.int8_sequence = name;
  table.int8_range = range;
  return table;
}

template <typename Isa>
CpuKernels make(const char* name, Int8Range range) {
  CpuKernels table = make_named(name, range);
  table.plan_linear_int8 = plan_linear_int8<Isa>;
  table.linear_int8 = linear_int8<Isa>;
  return table;
}

CpuKernels make_portable_amx() {
  CpuKernels table = make_named("portable amx", Int8Range::full);
  table.plan_linear_int8 = plan_linear_int8_tiles;
  table.linear_int8 = [](const LinearInt8Args& args, const Plan& plan, std::int64_t task,
                         void* scratch) {
    linear_int8_tiles<AmxTiles, Portable<1>>(args, plan, task, scratch);
    AmxTiles::require_released();
  };
  return table;
}

}  // namespace

namespace test {

const CpuKernels& portable_maddubs() {
  static const auto table = make<PortableMaddubs>("portable maddubs", Int8Range::quads);
  return table;
}

const CpuKernels& portable_avx_vnni() {
  static const auto table = make<PortableVnni<2, 6, 1>>("portable avx_vnni", Int8Range::full);
  return table;
}

const CpuKernels& portable_avx512_vnni() {
  static const auto table = make<PortableVnni<1, 12, 2>>("portable avx512_vnni", Int8Range::full);
  return table;
}

const CpuKernels& portable_amx() {
  static const auto table = make_portable_amx();
  return table;
}

std::int64_t num_saturations() {
  return saturations;
}

}  // namespace test
}  // namespace reranker::kernels
