#include "impl.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "batch/plan.hpp"
#include "runtime/access.hpp"
#include "runtime/ending.hpp"
#include "runtime/not_cancelled.hpp"

namespace reranker {
inline namespace v4 {

// Some MiB each. A call that finds none makes its own.
constexpr std::size_t kMostScratches = 8;

void add(Usage& sum, const Usage& usage) {
  sum.sequences += usage.sequences;
  sum.tokens += usage.tokens;
  sum.batches += usage.batches;
  sum.peak_bytes = std::max(sum.peak_bytes, usage.peak_bytes);
  sum.planned_bytes = std::max(sum.planned_bytes, usage.planned_bytes);
}

void unmake(std::unique_ptr<engine::Encoder> encoder, runtime::Executor& executor) noexcept {
  const runtime::NotCancelled until_unmade;
  try {
    if (encoder && !executor.in_forked_child() && !runtime::ending())
      executor.run([&](runtime::Crew&) { encoder.reset(); });
  } catch (...) {
  }
  (void)encoder.release();
}

Reranker::Impl::Impl(text::Tokenizer loaded, const Runtime& on)
    : tokenizer(std::move(loaded)), executor(detail::RuntimeAccess::executor(on)) {
  scratches_.reserve(std::min(executor->threads(), kMostScratches));  // may not throw later
}

Reranker::Impl::~Impl() {
  unmake(std::move(encoder), *executor);
}

void Reranker::Impl::require_own_process() const {
  if (!executor->in_forked_child()) return;
  throw Error(ErrorCode::forked, fmt::format("the model was loaded in process {} and is used in "
                                             "process {}: load it after the fork",
                                             executor->owner(), ::getpid()));
}

std::size_t Reranker::Impl::plan(std::size_t num_tokens, std::size_t num_sequences) const {
  return encoder->plan(num_tokens, num_sequences, executor->threads());
}

bool Reranker::Impl::affordable(const std::vector<batch::Sequence>& sequences) const {
  const std::size_t limit = encoder->memory_limit();
  return limit == 0 || std::all_of(sequences.begin(), sequences.end(), [&](const auto& sequence) {
           return plan(sequence.ids.size(), 1) <= limit;
         });
}

std::vector<std::vector<std::size_t>> Reranker::Impl::deal(
    const std::vector<batch::Sequence>& sequences, std::size_t token_budget) const {
  const std::size_t wanted = std::min(token_budget, encoder->enough_tokens());
  const std::size_t budget =
      batch::affordable_budget(sequences.size(), wanted, encoder->memory_limit(),
                               [&](std::size_t tokens, std::size_t n) { return plan(tokens, n); });
  return batch::pack(sequences, budget);
}

void Reranker::Impl::pass(runtime::Crew& crew, const std::vector<batch::Sequence>& sequences,
                          const std::vector<std::size_t>& members, std::vector<float>& logits,
                          Usage& usage) const {
  const auto batch = batch::join(sequences, members);
  const std::size_t bytes = plan(batch.num_tokens(), batch.num_sequences());
  std::vector<float> of_batch(batch.num_sequences());
  std::size_t peak = 0;
  try {
    runtime::Arena arena(encoder->working_memory(runtime::Arena::rounded(bytes), crew), bytes);
    encoder->forward(batch, crew, arena, of_batch.data());
    peak = arena.peak();
  } catch (const runtime::Arena::Exhausted& exhausted) {
    throw Error(
        ErrorCode::out_of_memory,
        fmt::format("{} bytes of working memory wanted, {}", exhausted.wanted,
                    exhausted.capacity != 0 ? fmt::format("{} are there", exhausted.capacity)
                                            : "more than the system has left"));
  }
  for (std::size_t i = 0; i < members.size(); ++i) logits[members[i]] = of_batch[i];
  add(usage, {batch.num_sequences(), batch.num_tokens(), 1, peak, bytes});
}

Reranker::Impl::BorrowedScratch::BorrowedScratch(const Impl& from) : from_(from) {
  const std::lock_guard lock(from.scratch_mutex_);
  if (from.scratches_.empty()) return;
  scratch_ = std::move(from.scratches_.back());
  from.scratches_.pop_back();
}

Reranker::Impl::BorrowedScratch::~BorrowedScratch() {
  const std::lock_guard lock(from_.scratch_mutex_);
  if (from_.scratches_.size() < from_.scratches_.capacity())
    from_.scratches_.push_back(std::move(scratch_));
}

}  // namespace v4
}  // namespace reranker
