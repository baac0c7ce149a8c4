#include "kernels/cuda/e4m3.hpp"
#include "kernels/cuda/rms_norm_kernel.hpp"

namespace reranker::kernels::cuda {

Status rms_norm_e4m3(const RmsNormArgs& args, Stream stream) {
  return run_rms_norm<E4m3>(args, stream);
}

}  // namespace reranker::kernels::cuda
