#include <reranker/error.hpp>
#include <reranker/result.hpp>

namespace reranker {
inline namespace v4 {

Error::Error(ErrorCode code, const std::string& message)
    : std::runtime_error(message), code_(code) {}

Error::~Error() = default;

const char* name(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::invalid_argument: return "invalid_argument";
    case ErrorCode::model_not_found: return "model_not_found";
    case ErrorCode::model_invalid: return "model_invalid";
    case ErrorCode::unsupported: return "unsupported";
    case ErrorCode::device_unavailable: return "device_unavailable";
    case ErrorCode::out_of_memory: return "out_of_memory";
    case ErrorCode::too_long: return "too_long";
    case ErrorCode::cancelled: return "cancelled";
    case ErrorCode::deadline_exceeded: return "deadline_exceeded";
    case ErrorCode::overloaded: return "overloaded";
    case ErrorCode::forked: return "forked";
    case ErrorCode::internal: return "internal";
  }
  return "internal";
}

const char* name(Status status) noexcept {
  switch (status) {
    case Status::ok: return "ok";
    case Status::truncated: return "truncated";
    case Status::chunked: return "chunked";
    case Status::too_long: return "too_long";
    case Status::not_scored: return "not_scored";
    case Status::non_finite: return "non_finite";
  }
  return "not_scored";
}

}  // namespace v4
}  // namespace reranker
