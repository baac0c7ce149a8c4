#pragma once

#include <cstddef>

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

// Stacks that one thread of the host runs on by turns.

namespace reranker::kernels::cuda::host {

struct Context {
#if defined(__x86_64__)
  void* stack_pointer = nullptr;
#else
  ucontext_t context{};
#endif
};

constexpr std::size_t kStackBytes = 64 * 1024;

/// A context that starts `entry` on that stack; `entry` never returns.
void prepare(Context* context, void* stack, void (*entry)());
/// Goes on where `to` was left and keeps this place in `from`.
void switch_context(Context* from, Context* to);

}  // namespace reranker::kernels::cuda::host
