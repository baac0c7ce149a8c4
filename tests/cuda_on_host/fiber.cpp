#include "cuda_on_host/fiber.hpp"

#include <cstdint>

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

namespace reranker::kernels::cuda::host {

void prepare(Context* context, void* stack, void (*entry)()) {
  // Six registers, the address to return to, and one word that leaves the stack as after a call.
  auto* top = reinterpret_cast<std::uintptr_t*>(static_cast<char*>(stack) + kStackBytes) - 8;
  for (int i = 0; i < 8; ++i) top[i] = 0;
  top[6] = reinterpret_cast<std::uintptr_t>(entry);
  context->stack_pointer = top;
}

void switch_context(Context* from, Context* to) {
  reranker_switch_stack(&from->stack_pointer, to->stack_pointer);
}

}  // namespace reranker::kernels::cuda::host

#else

namespace reranker::kernels::cuda::host {

void prepare(Context* context, void* stack, void (*entry)()) {
  getcontext(&context->context);
  context->context.uc_stack.ss_sp = stack;
  context->context.uc_stack.ss_size = kStackBytes;
  context->context.uc_link = nullptr;
  makecontext(&context->context, entry, 0);
}

void switch_context(Context* from, Context* to) {
  swapcontext(&from->context, &to->context);
}

}  // namespace reranker::kernels::cuda::host

#endif
