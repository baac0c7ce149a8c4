#include "engine/graph.hpp"

#include <new>
#include <string>
#include <string_view>
#include <utility>

#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/frontend/ir_emitter.h>
#include <torch/csrc/jit/frontend/resolver.h>
#include <torch/csrc/jit/frontend/sugared_value.h>
#include <torch/csrc/jit/runtime/graph_executor.h>

#include <reranker/error.hpp>

#include "engine/ops/ops.hpp"

namespace reranker::engine {
namespace {

namespace jit = torch::jit;

// Makes `reranker.op(x)` in a script mean our operator; the default resolver knows `torch` alone.
struct OperatorResolver final : jit::Resolver {
  std::shared_ptr<jit::SugaredValue> resolveValue(const std::string& name, jit::GraphFunction& in,
                                                  const jit::SourceRange& at) override {
    if (name == "reranker") return std::make_shared<jit::BuiltinModule>(operator_namespace());
    return jit::nativeResolver()->resolveValue(name, in, at);
  }
  at::TypePtr resolveType(const std::string& name, const jit::SourceRange& at) override {
    return jit::nativeResolver()->resolveType(name, at);
  }
};

void register_attributes(jit::Module& module, const model::Network& network,
                         const GraphWeights& weights, at::Tensor rope_table) {
  for (const auto& [name, value] : network.integers)
    module.register_attribute(name, c10::IntType::get(), value);
  for (const auto& [name, value] : network.numbers)
    module.register_attribute(name, c10::FloatType::get(), value);
  for (const auto& [name, tensor] : weights.single)
    module.register_attribute(name, c10::TensorType::get(), tensor);
  for (const auto& [name, tensors] : weights.lists)
    module.register_attribute(name, c10::ListType::ofTensors(), c10::List<at::Tensor>(tensors));
  module.register_attribute("rope_table", c10::TensorType::get(), std::move(rope_table));
}

// Graphs are run on this thread as they are written. The thread is ours, so nothing is put back:
// LibTorch's guard would allocate while it does.
void run_as_written() {
  if (jit::getGraphExecutorOptimize()) jit::setGraphExecutorOptimize(false);
}

// LibTorch keeps of an error, an operator's or its own, its words alone. What else fails is an
// Error of the library's own doing: `failure` and those words.
template <typename Work>
auto told(const char* failure, Work&& work) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    if (std::string_view(error.what()).find("std::bad_alloc") != std::string_view::npos)
      throw std::bad_alloc();
    throw Error(ErrorCode::internal, failure + std::string(error.what()));
  }
}

}  // namespace

// The function and the module as its first argument are taken once: LibTorch copies them for a
// call by name, where a want of memory ends the process.
struct Graph::Impl {
  jit::Module module{"Network"};
  c10::IValue self;
  jit::Function* forward = nullptr;
};

Graph::Graph(const model::Network& network, const GraphWeights& weights, at::Tensor rope_table)
    : impl_(std::make_unique<Impl>()) {
  told("the graph does not compile: ", [&] {
    register_attributes(impl_->module, network, weights, std::move(rope_table));
    impl_->module.define(std::string(network.script), std::make_shared<OperatorResolver>());
    impl_->self = impl_->module._ivalue();
    impl_->forward = &impl_->module.get_method("forward").function();
  });
}

Graph::~Graph() = default;

at::Tensor Graph::run(const at::Tensor& ids, const at::Tensor& offsets) const {
  const c10::InferenceMode no_gradients;
  return told("the graph failed: ", [&] {
    run_as_written();
    jit::Stack stack{impl_->self, ids, offsets};
    impl_->forward->run(stack);
    return stack.front().toTensor();
  });
}

}  // namespace reranker::engine
