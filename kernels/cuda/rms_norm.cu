#include "kernels/cuda/rms_norm.hpp"

#include "kernels/cuda/e4m3.hpp"
#include "kernels/cuda/rms_norm_kernel.hpp"

namespace reranker::kernels::cuda {

Status rms_norm(const RmsNormArgs& args, Stream stream) {
  switch (args.type) {
    case Type::fp32: return run_rms_norm<Fp32>(args, stream);
    case Type::bf16: return run_rms_norm<Bf16>(args, stream);
    case Type::fp16: return run_rms_norm<Fp16>(args, stream);
    case Type::e4m3: return rms_norm_e4m3(args, stream);
  }
  return kInvalidValue;
}

}  // namespace reranker::kernels::cuda
