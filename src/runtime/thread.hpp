#pragma once

#include <functional>
#include <string>

#include <pthread.h>

namespace reranker::runtime {

/// Starts a thread that the host does not notice: it blocks all signals, is named "reranker", and
/// rounds as a new process does. To be joined or detached; what `body` throws ends the process.
/// Throws Error: out_of_memory, with `what` for the thread's name.
pthread_t start_thread(const std::string& what, std::function<void()> body);

}  // namespace reranker::runtime
