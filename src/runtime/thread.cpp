#include "runtime/thread.hpp"

#include <fenv.h>
#include <signal.h>

#include <cstring>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include <reranker/error.hpp>

namespace reranker::runtime {
namespace {

using Body = std::function<void()>;

// Much for the encoder, enough for a host's callbacks, and little where there are hundreds.
constexpr std::size_t kStackBytes = 1 << 20;

// The floating-point environment is the maker's too: ours is the default, whatever the host set.
void* thread_main(void* start) {
  const std::unique_ptr<Body> body(static_cast<Body*>(start));
  pthread_setname_np(pthread_self(), "reranker");
  fesetenv(FE_DFL_ENV);
  (*body)();
  return nullptr;
}

// All but those that a fault of the thread's own raises: the host's crash handler is to see it.
sigset_t signals_of_others() {
  sigset_t signals;
  sigfillset(&signals);
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS})
    sigdelset(&signals, fault);
  return signals;
}

}  // namespace

// Signals are blocked while the thread is made, since a new thread inherits its maker's mask.
pthread_t start_thread(const std::string& what, Body body) {
  const sigset_t blocked = signals_of_others();
  sigset_t before;
  auto start = std::make_unique<Body>(std::move(body));

  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackBytes);
  pthread_sigmask(SIG_SETMASK, &blocked, &before);
  pthread_t thread{};
  const int error = pthread_create(&thread, &attributes, &thread_main, start.get());
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);

  if (error != 0)
    throw Error(ErrorCode::out_of_memory,
                fmt::format("cannot start {}: {}", what, std::strerror(error)));
  (void)start.release();
  return thread;
}

}  // namespace reranker::runtime
