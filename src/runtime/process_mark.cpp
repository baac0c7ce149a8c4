#include "runtime/process_mark.hpp"

#include <pthread.h>
#include <unistd.h>

#include <atomic>

namespace reranker::runtime {
namespace {

std::atomic<std::uint32_t> num_forks{0};

}  // namespace

// Where the system has no room for the handler, the id alone must do.
std::uint64_t process_mark() {
  static const int registered = ::pthread_atfork(nullptr, nullptr, [] { ++num_forks; });
  (void)registered;
  return std::uint64_t{num_forks} << 32 | static_cast<std::uint32_t>(::getpid());
}

}  // namespace reranker::runtime
