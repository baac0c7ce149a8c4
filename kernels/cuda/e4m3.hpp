#pragma once

#include "kernels/cuda/rms_norm.hpp"
#include "kernels/cuda/swiglu.hpp"

// Rows as e4m3: the parts of rms_norm and swiglu that are compiled for sm_89 and later alone. On an
// older device they give the status of a kernel without an image.

namespace reranker::kernels::cuda {

Status rms_norm_e4m3(const RmsNormArgs& args, Stream stream);
/// Of bf16 or fp16 inputs.
Status swiglu_e4m3(const SwigluArgs& args, Stream stream);

}  // namespace reranker::kernels::cuda
