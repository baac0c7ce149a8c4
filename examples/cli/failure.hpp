#pragma once

#include <stdexcept>
#include <string>

#include <reranker/error.hpp>
#include <reranker/result.hpp>

/// What the process says to its caller when it ends.
enum class ExitStatus { success = 0, input = 1, usage = 2, model = 3 };

/// A failure of the tool's own: the input or the command line is wrong.
class Failure : public std::runtime_error {
 public:
  Failure(ExitStatus status, const std::string& message)
      : std::runtime_error(message), status_(status) {}

  ExitStatus status() const { return status_; }

 private:
  ExitStatus status_;
};

inline Failure input_failure(const std::string& message) {
  return Failure(ExitStatus::input, message);
}

inline Failure usage_failure(const std::string& message) {
  return Failure(ExitStatus::usage, message);
}

/// Where there is nothing to go on with because of passages of that status.
[[noreturn]] inline void fail_unscored(reranker::Status status, const std::string& message) {
  if (status == reranker::Status::not_scored)
    throw reranker::Error(reranker::ErrorCode::out_of_memory, message);
  if (status == reranker::Status::non_finite)
    throw reranker::Error(reranker::ErrorCode::model_invalid, message);
  throw usage_failure(message);
}
