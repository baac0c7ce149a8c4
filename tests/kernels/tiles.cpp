#include "kernels/cpu/tiles_portable.hpp"

#include <vector>

#include "kernels/cpu/amx.hpp"
#include "tests/kernels/int8_tables.hpp"

// What runs in place of AMX's tiles where there are none.

using namespace reranker::kernels;
using namespace reranker::kernels::test;

namespace {

// Tile 0 has the sums of 3 rows and 2 columns, 1 their codes, 2 their weights, 8 of each.
TileShapes shapes() {
  TileShapes shapes;
  shapes.rows[0] = shapes.rows[1] = 3;
  shapes.rows[2] = 2;
  shapes.bytes[0] = shapes.bytes[1] = shapes.bytes[2] = 8;
  return shapes;
}

template <typename Use>
void check_refused(const Use& use) {
  CHECK_THROWS_AS(use(), std::logic_error);
  AmxTiles::release();
}

}  // namespace

TEST_CASE("tiles add the products of codes and weights to sums", "[tiles]") {
  std::vector<std::uint8_t> codes(3 * 100);  // rows 100 bytes apart
  std::vector<std::int8_t> weights(16);
  std::vector<std::int32_t> sums(3 * 5, 1000);  // 5 apart
  for (std::size_t i = 0; i < 8; ++i)
    for (std::size_t m = 0; m < 3; ++m) codes[m * 100 + i] = static_cast<std::uint8_t>(250 - m - i);
  for (std::size_t i = 0; i < 16; ++i) weights[i] = static_cast<std::int8_t>(i * 17 - 120);
  AmxTiles::configure(shapes());
  AmxTiles::load<0>(sums.data(), 20);
  AmxTiles::load<1>(codes.data(), 100);
  AmxTiles::load<2>(weights.data(), 8);
  AmxTiles::multiply_codes<0, 1, 2>();
  AmxTiles::store<0>(sums.data(), 20);
  AmxTiles::release();
  for (std::size_t m = 0; m < 3; ++m)
    for (std::size_t n = 0; n < 5; ++n) {
      int expected = 1000;
      for (std::size_t i = 0; n < 2 && i < 8; ++i)
        expected += codes[m * 100 + i] * weights[i / 4 * 8 + 4 * n + i % 4];
      CHECK(sums[m * 5 + n] == expected);
    }
}

TEST_CASE("tiles are refused that the processor would refuse", "[tiles]") {
  check_refused([] { AmxTiles::zero<0>(); });  // no shape
  check_refused([] {
    TileShapes too_long = shapes();
    too_long.rows[0] = 17;
    AmxTiles::configure(too_long);
  });
  check_refused([] {  // as many columns of codes as rows of weights, times four
    TileShapes unlike = shapes();
    unlike.rows[2] = 3;
    AmxTiles::configure(unlike);
    AmxTiles::zero<0>();
    AmxTiles::zero<1>();
    AmxTiles::zero<2>();
    AmxTiles::multiply_codes<0, 1, 2>();
  });
  check_refused([] {  // what is in a tile that nothing was put into
    AmxTiles::configure(shapes());
    AmxTiles::zero<0>();
    AmxTiles::zero<1>();
    AmxTiles::multiply_codes<0, 1, 2>();
  });
}

TEST_CASE("tiles that a task leaves behind are found", "[tiles]") {
  AmxTiles::require_released();
  AmxTiles::configure(shapes());
  check_refused([] { AmxTiles::require_released(); });
  AmxTiles::require_released();
}

TEST_CASE("tables of other bits are told from each other by a product", "[tiles]") {
  CHECK(same_products(portable_amx(), generic_kernels()));
  CpuKernels wrong = portable_amx();
  wrong.linear_int8 = [](const LinearInt8Args& args, const Plan& plan, std::int64_t task,
                         void* scratch) {
    portable_amx().linear_int8(args, plan, task, scratch);
    args.out[args.num_tokens * args.weights.shape.n - 1] += 1;
  };
  CHECK_FALSE(same_products(wrong, generic_kernels()));
  CHECK_FALSE(same_products(generic_kernels(Bf16Sums::tiles), generic_kernels()));
}

#ifdef __x86_64__
TEST_CASE("amx is there where processor and system grant it, and computes", "[tiles]") {
  CHECK((find_cpu_kernels("amx") != nullptr) == amx_granted());
}
#endif
