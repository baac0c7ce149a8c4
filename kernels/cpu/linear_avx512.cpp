#include "kernels/cpu/finish_avx512.hpp"
#include "kernels/cpu/linear_layout.hpp"
#include "kernels/cpu/micro_avx512.hpp"
#include "kernels/cpu/tables.hpp"

// The loops of Goto and van de Geijn (doi:10.1145/1356052.1356053): a block of rows of x and the
// sums of a group of panels stay in the L2 cache, two panels' block of weights nearly in L1. A task
// copies its rows of x once, block by block; few rows are read where they lie.

namespace reranker::kernels {
namespace {

// 168 x 528 floats, 347 KiB, and 256 KiB of sums: over half of a 1 MiB L2, the least that server
// cores with AVX-512 have, and room for the weights that pass through.
constexpr std::int64_t kMaxRows = 12 * kMaxTileRows;
constexpr std::int64_t kMaxSums = 64 * 1024;     // floats kept between blocks
constexpr std::int64_t kMaxRowBytes = 4 << 20;   // of copied rows, whole, in a task's scratch
constexpr std::int64_t kFewRows = 8;             // up to here rows are not copied
constexpr std::int64_t kWarmBytes = 256 * 1024;  // rows of x that stay in L2 over all of k
// Floats after each copied row of a block: rows a power of two apart would share L1's sets.
constexpr std::int64_t kGap = 16;
constexpr std::int64_t kPair = 2 * kPanel;  // columns of a unit, which is a pair of panels

std::int64_t copied_row_floats(std::int64_t k) {
  return k + linear_num_blocks(k) * kGap;
}

std::int64_t max_rows(std::int64_t k) {
  const std::int64_t fitting =
      kMaxRowBytes / (copied_row_floats(k) * 4) / kMaxTileRows * kMaxTileRows;
  return smaller(kMaxRows, larger(fitting, 2 * kMaxTileRows));
}

// Units whose sums are kept together, for `rows` rows: many, so that a block of x is fetched
// seldom; or, where all of x stays at hand, one, so that weights are read from end to end.
std::int64_t units_in_group(const LinearArgs& args, std::int64_t rows) {
  if (rows * args.weights.k * 4 <= kWarmBytes) return 1;
  return larger(1, kMaxSums / (rows * kPair));
}

Plan plan_linear_avx512(const LinearArgs& args, int num_threads) {
  if (args.num_tokens == 0) return {0, 0, 0, 0};
  const std::int64_t rows = smaller(args.num_tokens, max_rows(args.weights.k));
  const std::int64_t units = num_panel_pairs(args.weights);
  const Cut cut = cut_product({args.num_tokens, rows, units, rows > kFewRows}, num_threads);

  const std::int64_t sums = larger(kMaxSums, rows * kPair);
  const std::int64_t copied = rows <= kFewRows ? 0 : rows * copied_row_floats(args.weights.k);
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
  for (std::int64_t i = 0; i < count; i += kPanel)
    store_first(to + i, load_first(from + i, count - i), count - i);
}

Rows copy_rows(float* to, const float* x, std::int64_t count, std::int64_t k) {
  const std::int64_t block = linear_block(k);
  const std::int64_t block_stride = count * (block + kGap);
  for (std::int64_t r = 0; r < count; ++r)
    for (std::int64_t b = 0; b < linear_num_blocks(k); ++b) {
      const std::int64_t length = smaller(block, k - b * block);
      copy_floats(to + b * block_stride + r * (length + kGap), x + r * k + b * block, length);
    }
  return {to, count, block_stride, true};
}

// Sums of `rows` with units [first, last): sums (last - first, rows.count, 32).
template <typename Panel>
void sum_units(float* sums, const LinearArgs& args, const Rows& rows, std::int64_t first,
               std::int64_t last) {
  using Element = typename Panel::Element;
  const std::int64_t k = args.weights.k;
  const std::int64_t block = linear_block(k);
  const auto* packed = static_cast<const Element*>(args.packed);
  const Tiles tiles = tiles_of(rows.count);
  for (std::int64_t begin = 0; begin < k; begin += block) {
    const std::int64_t length = smaller(block, k - begin);
    for (std::int64_t u = first; u < last; ++u) {
      const Element* panel = packed + (u * 2 * k + begin) * kPanel;
      const WeightBlock next = block_after({u, begin}, {first, last}, 1, block, k);
      // A lone panel is its own neighbour: the second sums are never looked at.
      const bool alone = u * 2 + 1 == num_panels(args.weights);
      const Tile tile{
          rows.data + begin / block * rows.block_stride,
          rows.copied ? length + kGap : k,
          sums + (u - first) * rows.count * kPair,
          kPair,
          alone ? 0 : k * kPanel,
          begin == 0 ? Into::store : Into::add,
          nullptr,
          reinterpret_cast<const char*>(packed + (next.panel * 2 * k + next.column) * kPanel),
          0};
      multiply_tiles<2, Panel>(tiles, tile, panel, length,
                               length * kPanel * static_cast<std::int64_t>(sizeof(Element)));
    }
  }
}

// The 32 sums of a row and unit into row `row` of `out`.
template <Epilogue epilogue>
void finish_unit(const LinearArgs& args, const float* sum, std::int64_t row, std::int64_t unit) {
  if (epilogue == Epilogue::swiglu) {
    const std::int64_t n = args.weights.n / 2;
    store_first(args.out + row * n + unit * kPanel, mul(silu_of(load(sum)), load(sum + kPanel)),
                n - unit * kPanel);
    return;
  }
  const std::int64_t n = args.weights.n;
  for (std::int64_t column = unit * kPair; column < smaller(n, (unit + 1) * kPair);
       column += kPanel, sum += kPanel)
    finish_sixteen<epilogue>(args, sum, row * n + column, column, n - column);
}

// Sums of units [first, last) and rows from `token` on into `out`.
template <Epilogue epilogue>
void finish(const LinearArgs& args, const float* sums, std::int64_t token, std::int64_t rows,
            std::int64_t first, std::int64_t last) {
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t u = first; u < last; ++u)
      finish_unit<epilogue>(args, sums + ((u - first) * rows + r) * kPair, token + r, u);
}

auto finish_of(Epilogue epilogue) {
  return epilogue == Epilogue::store  ? finish<Epilogue::store>
         : epilogue == Epilogue::add  ? finish<Epilogue::add>
         : epilogue == Epilogue::gelu ? finish<Epilogue::gelu>
                                      : finish<Epilogue::swiglu>;
}

void linear_avx512(const LinearArgs& args, const Plan& plan, std::int64_t task, void* scratch) {
  const std::int64_t k = args.weights.k;
  const auto [tokens, units] =
      part_of_product(plan, task, args.num_tokens, num_panel_pairs(args.weights));
  const std::int64_t count = tokens.end - tokens.begin;
  const std::int64_t group = units_in_group(args, count);

  auto* sums = static_cast<float*>(scratch);
  const float* x = args.x + tokens.begin * k;
  const Rows rows = count <= kFewRows
                        ? Rows{x, count, linear_block(k), false}
                        : copy_rows(sums + larger(kMaxSums, count * kPair), x, count, k);

  const auto finish_rows = finish_of(args.epilogue);
  for (std::int64_t u = units.begin; u < units.end; u += group) {
    const std::int64_t last = smaller(u + group, units.end);
    args.weights.type == WeightType::bf16 ? sum_units<Bf16Panel>(sums, args, rows, u, last)
                                          : sum_units<Fp32Panel<true>>(sums, args, rows, u, last);
    finish_rows(args, sums, tokens.begin, count, u, last);
  }
}

}  // namespace

void add_linear_avx512(CpuKernels& table) {
  table.plan_linear = plan_linear_avx512;
  table.linear = linear_avx512;
}

}  // namespace reranker::kernels
