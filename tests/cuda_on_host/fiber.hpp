#pragma once

#include <cstddef>

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

// Stacks that one thread of the host runs on by turns.

namespace reranker::kernels::cuda::host {

#if defined(__SANITIZE_ADDRESS__)
constexpr std::size_t kStackBytes = 256 * 1024;  // frames with room between variables
#else
constexpr std::size_t kStackBytes = 64 * 1024;
#endif

struct Context {
#if defined(__x86_64__)
  void* stack_pointer = nullptr;
#else
  ucontext_t context{};
#endif
  // What sanitizers want to know.
  void* stack = nullptr;
  std::size_t stack_bytes = 0;
  void* fiber = nullptr;
};

/// A context that starts `entry` on that stack; `entry` never returns.
void prepare(Context* context, void* stack, void (*entry)());
/// The context of who calls, on the stack that the system gave.
void adopt(Context* context);
/// Goes on where `to` was left and keeps this place in `from`.
void switch_context(Context* from, Context* to);
/// The same from a context that will not be gone on with.
[[noreturn]] void leave_context(Context* to);

}  // namespace reranker::kernels::cuda::host
