#pragma once

#include <cstddef>
#include <cstdint>

#include <ATen/core/Tensor.h>

#include "engine/block.hpp"
#include "engine/call_scope.hpp"
#include "kernels/cpu/cpu_kernels.hpp"
#include "runtime/arena.hpp"
#include "runtime/crew.hpp"

namespace reranker::engine {

class Arithmetic;

/// What operators work with. Arguments of the graph are tensors and numbers alone, so the rest
/// reaches them through the thread that runs the graph.
struct Call {
  const kernels::CpuKernels& kernels;
  runtime::Crew& crew;
  runtime::Arena& arena;
  const Arithmetic& arithmetic;
  const std::int32_t* type_1_begins;  // Batch::type_1_begins
};

using CallScope = Scope<Call>;

/// The call under way on this thread; valid inside an operator.
inline Call& current_call() {
  return CallScope::current();
}

/// A tensor over a block of the call's arena, contents undefined. Gives the block back when the
/// graph drops it.
at::Tensor new_floats(Call& call, at::IntArrayRef shape);
at::Tensor new_bytes(Call& call, at::IntArrayRef shape);

/// Plans an operator and runs its tasks on the call's threads, each with a scratch of its own.
template <typename Args>
void run_kernel(Call& call, const Args& args, kernels::Plan (*make_plan)(const Args&, int),
                void (*run)(const Args&, const kernels::Plan&, std::int64_t, void*)) {
  const kernels::Plan plan = make_plan(args, static_cast<int>(call.crew.size()));
  static_assert(runtime::Arena::kAlignment % kernels::kAlignment == 0);
  const std::size_t stride = runtime::Arena::rounded(plan.scratch_bytes);
  const Block scratch(call.arena, stride * call.crew.size());
  call.crew.parallel_for(
      static_cast<std::size_t>(plan.num_tasks), [&](std::size_t task, std::size_t thread) {
        run(args, plan, static_cast<std::int64_t>(task), scratch.data() + stride * thread);
      });
}

}  // namespace reranker::engine
