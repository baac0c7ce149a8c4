#pragma once

#include <memory>
#include <optional>

#include "impl.hpp"

namespace reranker {
inline namespace v4 {

/// One of the calls that the Runtime admits, from when it is made until it is run.
class Reranker::Impl::Submitted {
 public:
  /// Throws Error: overloaded.
  Submitted(std::shared_ptr<const Impl> impl, Request request, RankingCallback on_done);

  /// To be called once, on a thread for submitted calls. The model and the call's place go before
  /// on_done is called: what that does next finds them free.
  void run();

 private:
  Ranking rank() const;

  std::shared_ptr<const Impl> impl_;
  std::optional<runtime::Executor::Admission> admission_;
  const Request request_;
  const RankingCallback on_done_;
};

}  // namespace v4
}  // namespace reranker
