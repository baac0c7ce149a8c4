#pragma once

#include "kernels/cuda/types.hpp"

// Streams of the pretended devices. Work is done when it is queued; or, where settings say so, as
// late as a device may do it: when somebody waits for it.

namespace reranker::kernels::cuda::host {

// cudaError_t
constexpr Status kInvalidValue = 1, kOutOfMemory = 2, kInvalidConfiguration = 9, kNoDevice = 100,
                 kInvalidDevice = 101, kInvalidHandle = 400, kNotSupported = 801,
                 kNotWhileRecording = 900;

/// The calling thread's.
extern thread_local int current_device;

/// Whether a stream of any device is being recorded.
bool anyone_records();
/// Ends what is queued on any stream of the current device.
void finish_all();

}  // namespace reranker::kernels::cuda::host
