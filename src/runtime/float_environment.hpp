#pragma once

#include <fenv.h>

namespace reranker::runtime {

/// Floats as they are by default while it lives, whatever rounding the host has set on its thread,
/// then as they were: for arithmetic on a caller's thread whose bits must not be the host's.
class DefaultFloats {
 public:
  DefaultFloats() {
    fegetenv(&before_);
    fesetenv(FE_DFL_ENV);
  }
  ~DefaultFloats() { fesetenv(&before_); }
  DefaultFloats(const DefaultFloats&) = delete;
  DefaultFloats& operator=(const DefaultFloats&) = delete;

 private:
  fenv_t before_;
};

}  // namespace reranker::runtime
