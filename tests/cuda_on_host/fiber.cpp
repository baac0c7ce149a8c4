#include "cuda_on_host/fiber.hpp"

#include <pthread.h>

#include <cstdint>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

#if defined(__x86_64__)
// The registers that the System V ABI has a function keep, and the stack pointer.
asm(R"(
.text
.globl reranker_switch_stack
.type reranker_switch_stack, @function
reranker_switch_stack:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size reranker_switch_stack, .-reranker_switch_stack
)");
extern "C" void reranker_switch_stack(void** from, void* to);
#endif

namespace reranker::kernels::cuda::host {

namespace {

void (*entry_of_all)() = nullptr;

// What a sanitizer believes of the stack, before and after it changes.

void announce([[maybe_unused]] void** kept, [[maybe_unused]] Context* to) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(kept, to->stack, to->stack_bytes);
#endif
#if defined(__SANITIZE_THREAD__)
  __tsan_switch_to_fiber(to->fiber, 0);
#endif
}

void arrive([[maybe_unused]] void* kept) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(kept, nullptr, nullptr);
#endif
}

void start() {
  arrive(nullptr);
  entry_of_all();
}

void place(Context* context, void* stack) {
#if defined(__x86_64__)
  // Six registers, the address to return to, and one word that leaves the stack as after a call.
  auto* top = reinterpret_cast<std::uintptr_t*>(static_cast<char*>(stack) + kStackBytes) - 8;
  for (int i = 0; i < 8; ++i) top[i] = 0;
  top[6] = reinterpret_cast<std::uintptr_t>(start);
  context->stack_pointer = top;
#else
  getcontext(&context->context);
  context->context.uc_stack.ss_sp = stack;
  context->context.uc_stack.ss_size = kStackBytes;
  context->context.uc_link = nullptr;
  makecontext(&context->context, start, 0);
#endif
}

void change(Context* from, Context* to) {
#if defined(__x86_64__)
  reranker_switch_stack(&from->stack_pointer, to->stack_pointer);
#else
  swapcontext(&from->context, &to->context);
#endif
}

}  // namespace

void prepare(Context* context, void* stack, void (*entry)()) {
  entry_of_all = entry;
  context->stack = stack;
  context->stack_bytes = kStackBytes;
#if defined(__SANITIZE_ADDRESS__)
  __asan_unpoison_memory_region(stack, kStackBytes);
#endif
#if defined(__SANITIZE_THREAD__)
  if (context->fiber == nullptr) context->fiber = __tsan_create_fiber(0);
#endif
  place(context, stack);
}

void adopt(Context* context) {
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return;
  pthread_attr_getstack(&attributes, &context->stack, &context->stack_bytes);
  pthread_attr_destroy(&attributes);
#if defined(__SANITIZE_THREAD__)
  context->fiber = __tsan_get_current_fiber();
#endif
}

void switch_context(Context* from, Context* to) {
  void* kept = nullptr;
  announce(&kept, to);
  change(from, to);
  arrive(kept);
}

void leave_context(Context* to) {
  Context dead;
  announce(nullptr, to);
  change(&dead, to);
  __builtin_unreachable();
}

}  // namespace reranker::kernels::cuda::host
