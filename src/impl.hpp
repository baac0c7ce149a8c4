#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include <reranker/reranker.hpp>

#include "batch/pack.hpp"
#include "engine/engine.hpp"
#include "model/config.hpp"
#include "runtime/executor.hpp"
#include "text/frame.hpp"
#include "text/tokenizer.hpp"

namespace reranker {
inline namespace v2 {

/// What a loaded model is made of.
struct Reranker::Impl {
  Impl(text::Tokenizer loaded, const Runtime& on);
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  text::Tokenizer tokenizer;
  text::Frame frame;  // of a query and a passage
  std::optional<model::Fusion> fusion;
  model::Calibration calibration;     // plain sigmoids where the folder has none
  model::LongPassages long_passages;  // what Overflow::automatic means
  std::size_t max_tokens = 0;         // the window
  std::size_t min_tokens = 0;         // the least that a window may have
  std::shared_ptr<runtime::Executor> executor;
  std::unique_ptr<engine::Encoder> encoder;  // made and destroyed on the executor's thread
  Info info;

  /// The passages, scored and in input order: one query for all of them, or one for each.
  Ranking read(Texts queries, Texts passages, const ScoreOptions& options) const;

  /// Logits of the sequences, in their order; adds to `usage` what it took.
  std::vector<float> encode(const std::vector<batch::Sequence>& sequences, std::size_t token_budget,
                            Usage& usage) const;

  /// Logits of sequences that are still being made.
  class Encoding;

  /// Throws Error: invalid_argument.
  void check(const ScoreOptions& options, std::size_t num_passages) const;

  /// How passages over the window are read, of the caller's wishes and the folder's.
  model::LongPassages choose(const ScoreOptions& options) const;

  /// A forward pass of two tokens. Throws Error: model_invalid, where the logit is not finite.
  void check_forward(const std::filesystem::path& folder) const;

  /// Throws Error: forked, in a child of the process that loaded the model.
  void require_own_process() const;

  /// Scratches of the tokenizer, kept warm between calls: as many as ever ran at one time.
  class BorrowedScratch;

 private:
  /// The sequences, dealt into batches that memory is there for; each lists indices.
  std::vector<std::vector<std::size_t>> deal(const std::vector<batch::Sequence>& sequences,
                                             std::size_t token_budget) const;

  /// One pass, on the executor's thread: a logit a sequence of the batch.
  std::vector<float> pass(runtime::Crew& crew, const batch::Batch& batch, Usage& usage) const;

  mutable std::mutex scratch_mutex_;
  mutable std::vector<text::Tokenizer::Scratch> scratches_;
};

class Reranker::Impl::BorrowedScratch {
 public:
  explicit BorrowedScratch(const Impl& from);
  ~BorrowedScratch();
  BorrowedScratch(const BorrowedScratch&) = delete;
  BorrowedScratch& operator=(const BorrowedScratch&) = delete;

  text::Tokenizer::Scratch& operator*() { return scratch_; }

 private:
  const Impl& from_;
  text::Tokenizer::Scratch scratch_;
};

}  // namespace v2
}  // namespace reranker
