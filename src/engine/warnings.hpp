#pragma once

#include <functional>
#include <string_view>

#include <c10/util/Exception.h>

namespace reranker::engine {

/// Takes what LibTorch warns of on this thread for as long as it lives, and passes it on; without
/// a taker nothing is said. LibTorch's own handler would print to the host's stderr.
class WarningScope {
 public:
  using Taker = std::function<void(std::string_view message)>;

  explicit WarningScope(const Taker& taker) : handler_(taker), guard_(&handler_) {}

 private:
  struct Handler final : c10::WarningHandler {
    explicit Handler(const Taker& to) : taker(to) {}
    void process(const c10::Warning& warning) override {
      if (taker) taker(warning.msg());
    }
    const Taker& taker;
  };

  Handler handler_;
  c10::WarningUtils::WarningHandlerGuard guard_;
};

}  // namespace reranker::engine
