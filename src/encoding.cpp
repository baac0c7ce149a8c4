#include "encoding.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "runtime/ending.hpp"

namespace reranker {
inline namespace v4 {
namespace {

using Clock = std::chrono::steady_clock;

// Queued at one time by one call: the device goes from one to the next by itself, and other calls
// get their turns.
constexpr std::size_t kMostPending = 2;

}  // namespace

/// Sequences whose passes are one job.
struct Reranker::Impl::Encoding::Portion {
  std::vector<batch::Sequence> sequences;
  std::vector<std::vector<std::size_t>> members;  // of each batch
  std::vector<float> logits;
  Usage usage;
  bool done = false;
  std::optional<runtime::Executor::Pending> pending;  // goes first: its job uses the others
};

Reranker::Impl::Encoding::Encoding(const Impl& impl, std::size_t token_budget, runtime::Watch watch,
                                   Progress& progress)
    : impl_(impl),
      token_budget_(token_budget),
      watch_(std::move(watch)),
      progress_(progress),
      portion_tokens_(impl.encoder->leaves_host_free()
                          ? std::min(token_budget, impl.encoder->enough_tokens())
                          : 0) {}

Reranker::Impl::Encoding::~Encoding() = default;

void Reranker::Impl::Encoding::add(std::vector<batch::Sequence> sequences) {
  watch_.check();
  for (auto& sequence : sequences) {
    const std::size_t tokens = sequence.ids.size();
    if (portion_tokens_ != 0 && !waiting_.empty() && waiting_tokens_ + tokens > portion_tokens_)
      start_portion();
    waiting_tokens_ += tokens;
    waiting_.push_back(std::move(sequence));
  }
}

void Reranker::Impl::Encoding::start_portion() {
  auto portion = std::make_unique<Portion>();
  portion->sequences = std::exchange(waiting_, {});
  waiting_tokens_ = 0;
  portion->members = impl_.deal(portion->sequences, token_budget_);
  portion->logits.resize(portion->sequences.size());
  if (portions_.size() >= kMostPending) wait_for(*portions_[portions_.size() - kMostPending]);
  portion->pending.emplace(*impl_.executor, [this, &to = *portion](runtime::Crew& crew) {
    if (progress_.ended()) return;
    for (const auto& members : to.members) pass(crew, to.sequences, members, to.logits, to.usage);
  });
  portions_.push_back(std::move(portion));
}

void Reranker::Impl::Encoding::wait_for(Portion& portion) {
  if (portion.done) return;
  const auto begin = Clock::now();
  portion.pending->wait(watch_.deadline());
  portion.done = true;
  seconds_waited_ += std::chrono::duration<double>(Clock::now() - begin).count();
}

void Reranker::Impl::Encoding::pass(runtime::Crew& crew,
                                    const std::vector<batch::Sequence>& sequences,
                                    const std::vector<std::size_t>& members,
                                    std::vector<float>& logits, Usage& usage) {
  if (runtime::ending()) throw runtime::Ending{};  // on a device no loop would
  runtime::do_watched(crew, watch_, [&](runtime::Crew& watched) {
    impl_.pass(watched, sequences, members, logits, usage);
  });
  progress_.add(sequences, members);
}

std::vector<float> Reranker::Impl::Encoding::encode_waiting(Usage& usage) {
  std::vector<float> logits(waiting_.size());
  for (const auto& members : impl_.deal(waiting_, token_budget_)) {
    watch_.check();
    impl_.executor->run([&](runtime::Crew& crew) { pass(crew, waiting_, members, logits, usage); },
                        watch_.deadline());
  }
  return logits;
}

void Reranker::Impl::Encoding::finish(Usage& usage, const Taker& take) {
  if (portion_tokens_ == 0) {
    const auto begin = Clock::now();
    const auto logits = encode_waiting(usage);
    seconds_waited_ = std::chrono::duration<double>(Clock::now() - begin).count();
    return take(waiting_, logits);
  }
  if (!waiting_.empty()) start_portion();
  for (const auto& portion : portions_) {
    wait_for(*portion);
    reranker::add(usage, portion->usage);
    take(portion->sequences, portion->logits);
  }
}

}  // namespace v4
}  // namespace reranker
