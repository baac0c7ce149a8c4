#include "encoding.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

namespace reranker {
inline namespace v2 {
namespace {

using Clock = std::chrono::steady_clock;

// Queued at one time by one call: the device goes from one to the next by itself, and other calls
// get their turns.
constexpr std::size_t kMostPending = 2;

void add(Usage& sum, const Usage& usage) {
  sum.sequences += usage.sequences;
  sum.tokens += usage.tokens;
  sum.batches += usage.batches;
  sum.peak_bytes = std::max(sum.peak_bytes, usage.peak_bytes);
  sum.planned_bytes = std::max(sum.planned_bytes, usage.planned_bytes);
}

}  // namespace

/// Sequences whose passes are one job.
struct Reranker::Impl::Encoding::Window {
  std::vector<batch::Sequence> sequences;
  std::vector<std::vector<std::size_t>> members;  // of each batch
  std::vector<float> logits;
  Usage usage;
  bool done = false;
  std::optional<runtime::Executor::Pending> pending;  // goes first: its job uses the others

  void run(const Impl& impl, runtime::Crew& crew) {
    logits.resize(sequences.size());
    for (const auto& batch : members) {
      const auto of_batch = impl.pass(crew, batch::join(sequences, batch), usage);
      for (std::size_t i = 0; i < batch.size(); ++i) logits[batch[i]] = of_batch[i];
    }
  }
};

Reranker::Impl::Encoding::Encoding(const Impl& impl, std::size_t token_budget)
    : impl_(impl),
      token_budget_(token_budget),
      window_tokens_(impl.encoder->leaves_host_free()
                         ? std::min(token_budget, impl.encoder->enough_tokens())
                         : 0) {}

Reranker::Impl::Encoding::~Encoding() = default;

void Reranker::Impl::Encoding::add(std::vector<batch::Sequence> sequences) {
  for (auto& sequence : sequences) {
    const std::size_t tokens = sequence.ids.size();
    if (window_tokens_ != 0 && !waiting_.empty() && waiting_tokens_ + tokens > window_tokens_)
      start_window();
    waiting_tokens_ += tokens;
    waiting_.push_back(std::move(sequence));
  }
}

void Reranker::Impl::Encoding::start_window() {
  auto window = std::make_unique<Window>();
  window->sequences = std::exchange(waiting_, {});
  waiting_tokens_ = 0;
  window->members = impl_.deal(window->sequences, token_budget_);
  if (windows_.size() >= kMostPending) wait_for(*windows_[windows_.size() - kMostPending]);
  window->pending.emplace(
      *impl_.executor, [this, &window = *window](runtime::Crew& crew) { window.run(impl_, crew); });
  windows_.push_back(std::move(window));
}

void Reranker::Impl::Encoding::wait_for(Window& window) {
  if (window.done) return;
  const auto begin = Clock::now();
  window.pending->wait();
  window.done = true;
  seconds_waited_ += std::chrono::duration<double>(Clock::now() - begin).count();
}

void Reranker::Impl::Encoding::finish(Usage& usage, const Taker& take) {
  if (window_tokens_ == 0) {
    const auto begin = Clock::now();
    const auto logits = impl_.encode(waiting_, token_budget_, usage);
    seconds_waited_ = std::chrono::duration<double>(Clock::now() - begin).count();
    return take(waiting_, logits);
  }
  if (!waiting_.empty()) start_window();
  for (const auto& window : windows_) {
    wait_for(*window);
    reranker::add(usage, window->usage);
    take(window->sequences, window->logits);
  }
}

}  // namespace v2
}  // namespace reranker
