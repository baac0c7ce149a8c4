#include "kernels/cpu/int8_scalar.hpp"
#include "kernels/cpu/rotate_scalar.hpp"
#include "kernels/cpu/tables.hpp"

namespace reranker::kernels {
namespace {

void rotate_rows_generic(const RotateRowsArgs& args) {
  const std::int64_t block = rotation_block(args.dim);
  const float scale = rotation_scale(block);
  for (std::int64_t i = 0; i < args.num_rows * args.dim; ++i)
    args.out[i] = widen(args.rows, args.type, i) * scale;
  for (std::int64_t i = 0; i < args.num_rows * args.dim; i += block)
    turn_block(args.out + i, block);
}

}  // namespace

void add_rotate_generic(CpuKernels& table) {
  table.rotate_rows = rotate_rows_generic;
}

}  // namespace reranker::kernels
