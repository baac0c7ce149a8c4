#include "kernels/cpu/int8_outputs_avx512.hpp"  // first: others include <immintrin.h> as it is

#include "kernels/cpu/int8_tiles_tasks.hpp"
#include "kernels/cpu/tables.hpp"
#include "kernels/cpu/tiles_amx.hpp"

// Its arithmetic is tested in plain C++ (tiles_portable.hpp). On a processor with AMX it has not
// run yet: neither its speed nor the best sizes of its blocks are known. amx_kernels() of
// cpu_kernels.cpp tries it before it is taken.

namespace reranker::kernels {

void add_linear_int8_amx(CpuKernels& table) {
  table.int8_range = Int8Range::full;
  table.int8_sequence = "amx";
  table.plan_linear_int8 = plan_linear_int8_tiles;
  table.linear_int8 = linear_int8_tiles<AmxTiles, Int8OutputsAvx512>;
}

}  // namespace reranker::kernels
