#pragma once

namespace reranker::engine {

/// Makes a call the one under way on this thread for as long as it lives. Each engine has a Call
/// of its own.
template <typename Call>
class Scope {
 public:
  explicit Scope(Call& call) : before_(current_) { current_ = &call; }
  ~Scope() { current_ = before_; }
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  /// Valid while there is a scope.
  static Call& current() { return *current_; }

 private:
  static inline thread_local Call* current_ = nullptr;

  Call* before_;
};

}  // namespace reranker::engine
