#pragma once

#include <cstddef>

#include <ATen/core/Tensor.h>

#include "runtime/arena.hpp"

namespace reranker::engine {

/// A block of a call's arena.
class Block {
 public:
  Block(runtime::Arena& arena, std::size_t bytes) : arena_(arena), data_(arena.take(bytes)) {}
  ~Block() { arena_.give_back(data_); }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  char* data() const { return static_cast<char*>(data_); }

 private:
  runtime::Arena& arena_;
  void* data_;
};

/// A tensor over a block of its own, contents undefined. Gives the block back when the graph drops
/// it. `options` name the type, and the device where it is not the CPU.
at::Tensor new_tensor(runtime::Arena& arena, std::size_t bytes, at::IntArrayRef shape,
                      const at::TensorOptions& options);

}  // namespace reranker::engine
