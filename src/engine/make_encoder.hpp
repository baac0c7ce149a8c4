#pragma once

#include <exception>
#include <memory>
#include <new>

#include <reranker/error.hpp>

#include "engine/engine.hpp"
#include "engine/warnings.hpp"

namespace reranker::engine {

/// What a module's door does around its own making: LibTorch's warnings go to the blueprint's
/// taker, and whatever is thrown leaves as an Error.
template <typename Make>
std::unique_ptr<Encoder> make_encoder(const Blueprint& blueprint, const Make& make) {
  const WarningScope warnings(blueprint.warn);
  try {
    return make();
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::out_of_memory, "no memory to load the model");
  } catch (const std::exception& failure) {
    throw Error(ErrorCode::internal, failure.what());
  }
}

}  // namespace reranker::engine
