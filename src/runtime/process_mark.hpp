#pragma once

#include <sys/types.h>

#include <cstdint>

namespace reranker::runtime {

/// Names this process, never 0: its id, and above it how many forks since the library was opened
/// led to it. The id alone will not do: a child in a namespace of its own may have its parent's.
std::uint64_t process_mark();

inline pid_t process_id(std::uint64_t mark) {
  return static_cast<pid_t>(mark & 0xffffffffu);
}

}  // namespace reranker::runtime
