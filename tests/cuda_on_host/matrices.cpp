#include "cuda_on_host/bank_conflicts.hpp"
#include "cuda_on_host/instructions.hpp"
#include "cuda_on_host/numbers_host.hpp"
#include "cuda_on_host/shared_memory.hpp"
#include "cuda_on_host/wide.hpp"

// Instructions of a warp, on the fragments of the PTX manual: lane i holds row i / 4 and the
// columns 2 (i % 4) and the next of each 8x8 matrix of 16-bit numbers.

namespace reranker::kernels::cuda::host {

namespace {

struct Shuffle {
  std::uint32_t value;
  int from_lane;
  std::uint32_t result;
};

void shuffle_all(void* const* operands) {
  for (int lane = 0; lane < kLanes; ++lane) {
    auto& mine = *static_cast<Shuffle*>(operands[lane]);
    mine.result = static_cast<Shuffle*>(operands[mine.from_lane])->value;
  }
}

void or_all(void* const* operands) {
  bool any = false;
  for (int lane = 0; lane < kLanes; ++lane) any |= *static_cast<bool*>(operands[lane]);
  for (int lane = 0; lane < kLanes; ++lane) *static_cast<bool*>(operands[lane]) = any;
}

void compare_all(void* const* operands) {
  const int first = *static_cast<int*>(operands[0]);
  for (int lane = 1; lane < kLanes; ++lane)
    if (*static_cast<int*>(operands[lane]) != first) fail("finds values in its warp that differ");
}

struct Matrices {
  const std::uint16_t* row;  // (8): row lane % 8 of matrix lane / 8
  Words4 result;
};

const std::uint16_t* row_of(void* const* operands, int matrix, int row) {
  return static_cast<const Matrices*>(operands[8 * matrix + row])->row;
}

// Eight rows are one pass of 128 bytes.
void count_row_conflicts(void* const* operands) {
  for (int m = 0; m < 4; ++m) {
    std::uint32_t offsets[8];
    for (int i = 0; i < 8; ++i)
      offsets[i] = static_cast<std::uint32_t>(
          reinterpret_cast<const unsigned char*>(row_of(operands, m, i)) - shared.data);
    report.ldmatrix_conflicts += count_conflicts(offsets, 8, 16);
  }
}

std::uint32_t pair(std::uint16_t low, std::uint16_t high) {
  return low | std::uint32_t{high} << 16;
}

void load_rows(void* const* operands) {
  count_row_conflicts(operands);
  for (int lane = 0; lane < kLanes; ++lane)
    for (int m = 0; m < 4; ++m) {
      const std::uint16_t* row = row_of(operands, m, lane / 4);
      static_cast<Matrices*>(operands[lane])->result.w[m] =
          pair(row[lane % 4 * 2], row[lane % 4 * 2 + 1]);
    }
}

void load_columns(void* const* operands) {
  count_row_conflicts(operands);
  for (int lane = 0; lane < kLanes; ++lane)
    for (int m = 0; m < 4; ++m)
      static_cast<Matrices*>(operands[lane])->result.w[m] =
          pair(row_of(operands, m, lane % 4 * 2)[lane / 4],
               row_of(operands, m, lane % 4 * 2 + 1)[lane / 4]);
}

struct Multiply {
  float* d;  // (4)
  const Words4* a;
  std::uint32_t b0, b1;
};

RERANKER_WIDE void multiply_tile(float (*d)[8], const float (*a)[16], const float (*b)[8]) {
  for (int m = 0; m < 16; ++m) {
    float sums[8];
    for (int n = 0; n < 8; ++n) sums[n] = d[m][n];
    for (int k = 0; k < 16; ++k)
      for (int n = 0; n < 8; ++n) sums[n] += a[m][k] * b[k][n];
    for (int n = 0; n < 8; ++n) d[m][n] = sums[n];
  }
}

template <float (*kWiden)(std::uint16_t)>
void multiply_all(void* const* operands) {
  float d[16][8], a[16][16], b[16][8];
  const auto low = [](std::uint32_t word) { return kWiden(static_cast<std::uint16_t>(word)); };
  const auto high = [](std::uint32_t word) {
    return kWiden(static_cast<std::uint16_t>(word >> 16));
  };
  for (int lane = 0; lane < kLanes; ++lane) {
    const auto& mine = *static_cast<const Multiply*>(operands[lane]);
    const int row = lane / 4;
    const int column = lane % 4 * 2;
    for (int i = 0; i < 4; ++i) {  // of a: the upper and the lower eight rows by turns
      a[row + i % 2 * 8][column + i / 2 * 8] = low(mine.a->w[i]);
      a[row + i % 2 * 8][column + i / 2 * 8 + 1] = high(mine.a->w[i]);
      d[row + i / 2 * 8][column + i % 2] = mine.d[i];
    }
    b[column][row] = low(mine.b0);
    b[column + 1][row] = high(mine.b0);
    b[column + 8][row] = low(mine.b1);
    b[column + 9][row] = high(mine.b1);
  }
  multiply_tile(d, a, b);
  for (int lane = 0; lane < kLanes; ++lane)
    for (int i = 0; i < 4; ++i)
      static_cast<const Multiply*>(operands[lane])->d[i] =
          d[lane / 4 + i / 2 * 8][lane % 4 * 2 + i % 2];
}

}  // namespace

std::uint32_t shuffle_word(std::uint32_t value, int from_lane) {
  Shuffle mine{value, from_lane & (kLanes - 1), 0};
  collective("shuffle", shuffle_all, &mine);
  return mine.result;
}

bool any_lane(bool value) {
  collective("any_of_warp", or_all, &value);
  return value;
}

int common_value(int value) {
  collective("warp_uniform", compare_all, &value);
  return value;
}

Words4 load_matrices(std::uint32_t row, bool transposed) {
  Matrices mine{static_cast<const std::uint16_t*>(shared_for_read(row, 16)), {}};
  collective(transposed ? "ldmatrix transposed" : "ldmatrix", transposed ? load_columns : load_rows,
             &mine);
  return mine.result;
}

void multiply_bf16(float* d, const Words4& a, std::uint32_t b0, std::uint32_t b1) {
  Multiply mine{d, &a, b0, b1};
  collective("mma bf16", multiply_all<from_bf16>, &mine);
}

void multiply_fp16(float* d, const Words4& a, std::uint32_t b0, std::uint32_t b1) {
  Multiply mine{d, &a, b0, b1};
  collective("mma fp16", multiply_all<from_fp16>, &mine);
}

}  // namespace reranker::kernels::cuda::host
