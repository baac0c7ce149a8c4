#pragma once

#include <pthread.h>

namespace reranker::runtime {

/// While one lives pthread_cancel waits: for destructors that wait, through which the unwinding
/// that ends a thread may not pass.
class NotCancelled {
 public:
  NotCancelled() { pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before_); }
  ~NotCancelled() { pthread_setcancelstate(before_, nullptr); }
  NotCancelled(const NotCancelled&) = delete;
  NotCancelled& operator=(const NotCancelled&) = delete;

 private:
  int before_ = PTHREAD_CANCEL_ENABLE;
};

}  // namespace reranker::runtime
