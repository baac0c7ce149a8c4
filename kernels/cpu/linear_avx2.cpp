#include "kernels/cpu/linear_layout.hpp"
#include "kernels/cpu/micro_avx2.hpp"
#include "kernels/cpu/tables.hpp"

// The loops of Goto and van de Geijn (doi:10.1145/1356052.1356053): a block of rows of x stays in
// the L2 cache, a panel's block of weights in L1. A task copies its rows of x once, block by block,
// since rows a power of two apart would evict each other; few rows are read where they lie.

namespace reranker::kernels {
namespace {

// 72 x 512 floats, 144 KiB, and 128 KiB of sums: about half of a 512 KiB L2. More rows would read
// weights less often, but pages are not spread evenly over a cache that is nearly full.
constexpr std::int64_t kMaxRows = 72;
constexpr std::int64_t kMaxSums = 32 * 1024;     // floats kept between blocks
constexpr std::int64_t kMaxRowBytes = 3 << 20;   // of copied rows, whole, in a task's scratch
constexpr std::int64_t kFewRows = 12;            // up to here rows are not copied
constexpr std::int64_t kWarmBytes = 256 * 1024;  // rows of x that stay in L2 over all of k

// A unit is what a task's columns are counted in: a panel, or the two of a gate and its up.
std::int64_t panels_per_unit(const LinearArgs& args) {
  return args.epilogue == Epilogue::swiglu ? 2 : 1;
}

std::int64_t max_rows(std::int64_t k) {
  const std::int64_t fitting = kMaxRowBytes / (k * 4) / kMaxTileRows * kMaxTileRows;
  return smaller(kMaxRows, larger(fitting, 2 * kMaxTileRows));
}

// Panels whose sums are kept together, for `rows` rows: many, so that a block of x is fetched
// seldom; or, where all of x stays at hand, few, so that weights are read from end to end.
std::int64_t panels_in_group(const LinearArgs& args, std::int64_t rows) {
  if (rows * args.weights.k * 4 <= kWarmBytes) return panels_per_unit(args);
  return larger(2, kMaxSums / (rows * kPanel) / 2 * 2);
}

Plan plan_linear_avx2(const LinearArgs& args, int num_threads) {
  if (args.num_tokens == 0) return {0, 0, 0, 0};
  const std::int64_t rows = smaller(args.num_tokens, max_rows(args.weights.k));
  const std::int64_t units = num_panels(args.weights) / panels_per_unit(args);
  const Cut cut = cut_product({args.num_tokens, rows, units, rows > kFewRows}, num_threads);

  const std::int64_t sums = larger(kMaxSums, 2 * rows * kPanel);
  const std::int64_t copied = rows <= kFewRows ? 0 : rows * args.weights.k;
  return plan_of(cut, (sums + copied) * 4);
}

// The rows of x that a task reads: block b of k begins at `data + b * block_stride`.
struct Rows {
  const float* data;
  std::int64_t count;
  std::int64_t block_stride;
  bool copied;
};

void copy_floats(float* to, const float* from, std::int64_t count) {
  std::int64_t i = 0;
  for (; i + 8 <= count; i += 8) _mm256_storeu_ps(to + i, _mm256_loadu_ps(from + i));
  for (; i < count; ++i) to[i] = from[i];
}

Rows copy_rows(float* to, const float* x, std::int64_t count, std::int64_t k) {
  const std::int64_t block = linear_block(k);
  for (std::int64_t r = 0; r < count; ++r)
    for (std::int64_t begin = 0; begin < k; begin += block) {
      const std::int64_t length = smaller(block, k - begin);
      copy_floats(to + begin * count + r * length, x + r * k + begin, length);
    }
  return {to, count, block * count, true};
}

// Sums of `rows` with panels [first, last): sums (last - first, rows.count, 16).
template <typename Panel>
void sum_panels(float* sums, const LinearArgs& args, const Rows& rows, std::int64_t first,
                std::int64_t last) {
  using Element = typename Panel::Element;
  const std::int64_t k = args.weights.k;
  const std::int64_t block = linear_block(k);
  const auto* packed = static_cast<const Element*>(args.packed);
  const Tiles tiles = tiles_of(rows.count);
  for (std::int64_t begin = 0; begin < k; begin += block) {
    const std::int64_t length = smaller(block, k - begin);
    for (std::int64_t p = first; p < last; ++p) {
      const Element* panel = packed + (p * k + begin) * kPanel;
      const WeightBlock next = block_after({p, begin}, {first, last}, 1, block, k);
      float* sum = sums + (p - first) * rows.count * kPanel;
      const Tile tile{
          rows.data + begin / block * rows.block_stride,
          rows.copied ? length : k,
          sum,
          kPanel,
          sum,
          reinterpret_cast<const char*>(packed + (next.panel * k + next.column) * kPanel),
          0};
      const std::int64_t bytes = length * kPanel * static_cast<std::int64_t>(sizeof(Element));
      begin == 0 ? multiply_tiles<Panel, Into::store>(tiles, tile, panel, length, bytes)
                 : multiply_tiles<Panel, Into::add>(tiles, tile, panel, length, bytes);
    }
  }
}

// A row's 16 sums, of which `lanes` belong to the matrix.
struct Sixteen {
  __m256 low;
  __m256 high;
};

void store_sixteen(float* out, const Sixteen& y, std::int64_t lanes) {
  store_first(out, y.low, lanes);
  store_first(out + 8, y.high, lanes - 8);
}

Sixteen load_sixteen(const float* from, std::int64_t lanes) {
  return {load_first(from, lanes), load_first(from + 8, lanes - 8)};
}

// Sums of panels [first, last) and rows from `token` on into `out`.
template <Epilogue epilogue>
void finish(const LinearArgs& args, const float* sums, std::int64_t token, std::int64_t rows,
            std::int64_t first, std::int64_t last) {
  const std::int64_t step = panels_per_unit(args);
  const std::int64_t n = args.weights.n / step;
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t p = first; p < last; p += step) {
      const std::int64_t column = p / step * kPanel;
      const std::int64_t lanes = smaller(kPanel, n - column);
      const std::int64_t at = (token + r) * n + column;
      const float* sum = sums + ((p - first) * rows + r) * kPanel;
      Sixteen y = load_sixteen(sum, kPanel);
      if (args.bias != nullptr) {
        const Sixteen bias = load_sixteen(args.bias + column, lanes);
        y = {_mm256_add_ps(y.low, bias.low), _mm256_add_ps(y.high, bias.high)};
      }
      if (epilogue == Epilogue::add) {
        const Sixteen residual = load_sixteen(args.residual + at, lanes);
        y = {_mm256_add_ps(y.low, residual.low), _mm256_add_ps(y.high, residual.high)};
      } else if (epilogue == Epilogue::swiglu) {
        const Sixteen up = load_sixteen(sum + rows * kPanel, kPanel);
        y = {_mm256_mul_ps(silu_of(y.low), up.low), _mm256_mul_ps(silu_of(y.high), up.high)};
      } else if (epilogue == Epilogue::gelu) {
        y = {gelu_of(y.low), gelu_of(y.high)};
      }
      store_sixteen(args.out + at, y, lanes);
    }
}

auto finish_of(Epilogue epilogue) {
  return epilogue == Epilogue::store  ? finish<Epilogue::store>
         : epilogue == Epilogue::add  ? finish<Epilogue::add>
         : epilogue == Epilogue::gelu ? finish<Epilogue::gelu>
                                      : finish<Epilogue::swiglu>;
}

void linear_avx2(const LinearArgs& args, const Plan& plan, std::int64_t task, void* scratch) {
  const std::int64_t k = args.weights.k;
  const std::int64_t step = panels_per_unit(args);
  const auto [tokens, units] =
      part_of_product(plan, task, args.num_tokens, num_panels(args.weights) / step);
  const std::int64_t count = tokens.end - tokens.begin;
  const std::int64_t group = panels_in_group(args, count);

  auto* sums = static_cast<float*>(scratch);
  const float* x = args.x + tokens.begin * k;
  const Rows rows = count <= kFewRows
                        ? Rows{x, count, linear_block(k), false}
                        : copy_rows(sums + larger(kMaxSums, 2 * count * kPanel), x, count, k);

  const auto finish_rows = finish_of(args.epilogue);
  for (std::int64_t p = units.begin * step; p < units.end * step; p += group) {
    const std::int64_t last = smaller(p + group, units.end * step);
    args.weights.type == WeightType::bf16 ? sum_panels<Bf16Panel>(sums, args, rows, p, last)
                                          : sum_panels<Fp32Panel<true>>(sums, args, rows, p, last);
    finish_rows(args, sums, tokens.begin, count, p, last);
  }
}

}  // namespace

void add_linear_avx2(CpuKernels& table) {
  table.plan_linear = plan_linear_avx2;
  table.linear = linear_avx2;
}

}  // namespace reranker::kernels
