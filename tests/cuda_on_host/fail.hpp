#pragma once

namespace reranker::kernels::cuda::host {

/// Throws a Violation: out of the launch if a CUDA thread runs, whose place is then put before the
/// words.
[[noreturn]] __attribute__((format(printf, 1, 2))) void fail(const char* format, ...);

}  // namespace reranker::kernels::cuda::host
