#pragma once

#include <reranker/options.hpp>

namespace reranker::runtime {

/// What ends a job that the process's end finds under way. No std::exception, which the interpreter
/// of the graph would turn into one of its own.
struct Ending {};

/// Whether the process has begun to end: jobs end at their next loop then, and none begins.
bool ending() noexcept;

/// Gives the process a second to end. Who waits for a job hears no sooner that there will be no
/// more: a thread that nobody joins, as most are that are inside a call when main returns, never
/// does.
void let_process_end();

/// What a device's engine has made by then that `exit` destroys.
enum class Made {
  with_the_module,  // by being opened
  by_computing,     // in a forward pass, what the module makes on first use
};

/// Has the jobs end before anything is destroyed that is there by now: what `exit` calls, it calls
/// in the reverse order of registration, and a job that computes while LibTorch's own objects go
/// would crash. To be called after either; the first time counts.
void end_jobs_at_exit(Device device, Made made);

/// A job that is under way as long as this lives.
class UnderWay {
 public:
  /// Throws Ending.
  UnderWay();
  ~UnderWay();
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;
};

}  // namespace reranker::runtime
