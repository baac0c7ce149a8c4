#include "submitted.hpp"

#include <exception>
#include <utility>

#include "runtime/guard.hpp"

namespace reranker {
inline namespace v4 {

Reranker::Impl::Submitted::Submitted(std::shared_ptr<const Impl> impl, Request request,
                                     RankingCallback on_done)
    : impl_(std::move(impl)),
      admission_(std::in_place, *impl_->executor),
      request_(std::move(request)),
      on_done_(std::move(on_done)) {}

Ranking Reranker::Impl::Submitted::rank() const {
  return runtime::guarded([&] {
    const RankOptions& options = request_.options;
    return best_first(impl_->read({request_.query}, request_.passages, options), options.top_n);
  });
}

void Reranker::Impl::Submitted::run() {
  Ranking ranking;
  std::exception_ptr error;
  try {
    ranking = rank();
  } catch (...) {
    error = std::current_exception();
  }
  admission_.reset();
  impl_.reset();
  on_done_(std::move(ranking), std::move(error));
}

}  // namespace v4
}  // namespace reranker
