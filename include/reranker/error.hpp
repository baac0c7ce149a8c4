#pragma once

#include <stdexcept>
#include <string>

#include <reranker/export.hpp>

namespace reranker {
inline namespace v4 {

/// What a caller can do about a failure.
enum class ErrorCode {
  invalid_argument,    ///< The call is wrong: mend the argument that the text names.
  model_not_found,     ///< No model folder, or no file that it needs.
  model_invalid,       ///< A file of the folder is broken or contradicts another.
  unsupported,         ///< A well-formed model or option that this build does not run.
  device_unavailable,  ///< No such device, or its engine module cannot be opened.
  out_of_memory,       ///< The plan of one sequence passes the limit, or the system has no more.
  too_long,            ///< A passage passes the window and Overflow::fail was asked for.
  cancelled,           ///< ScoreOptions::cancel was cancelled before the call was done.
  deadline_exceeded,   ///< ScoreOptions::deadline passed before the call was done.
  overloaded,          ///< RuntimeOptions::queue_length calls are under way: try again later.
  forked,              ///< The model was loaded before a fork and is used in the child.
  internal,            ///< A fault of the library: please report it.
};

/// The code's name as written above, such as "model_invalid". Static storage.
RERANKER_EXPORT const char* name(ErrorCode code) noexcept;

/// The one exception that the library throws of its own; what ScoreOptions::progress throws passes
/// as it was.
///
/// what() names the file or argument, the value found and the value wanted.
class RERANKER_EXPORT Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message);
  ~Error() override;

  ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

}  // namespace v4
}  // namespace reranker
