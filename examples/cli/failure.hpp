#pragma once

#include <stdexcept>
#include <string>

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
