#pragma once

#include <memory>

#include "engine/engine.hpp"
#include "engine/warnings.hpp"
#include "runtime/guard.hpp"

namespace reranker::engine {

/// What a module's door does around its own making: LibTorch's warnings go to the blueprint's
/// taker, and whatever is thrown leaves as an Error.
template <typename Make>
std::unique_ptr<Encoder> make_encoder(const Blueprint& blueprint, const Make& make) {
  const WarningScope warnings(blueprint.warn);
  return runtime::guarded(make, "no memory to load the model");
}

}  // namespace reranker::engine
