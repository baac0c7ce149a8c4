#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include <fmt/format.h>

#include <reranker/reranker.hpp>

#include "batch/pack.hpp"
#include "engine/engine.hpp"
#include "model/config.hpp"
#include "runtime/executor.hpp"
#include "text/frame.hpp"
#include "text/prompt.hpp"
#include "text/tokenizer.hpp"

namespace reranker {
namespace model {
struct Model;
}
inline namespace v4 {

/// Sums, and of memory the most.
void add(Usage& sum, const Usage& usage);

/// The hits by falling score, those without one last; the first `top_n` of them, where that is not
/// 0. Equals stay in order.
Ranking best_first(Ranking ranking, std::size_t top_n);

/// Unmakes an encoder where it was made, on the executor's thread. In a forked child that thread
/// does not exist, and where memory ends it cannot be asked: the encoder's is left to the system
/// then.
void unmake(std::unique_ptr<engine::Encoder> encoder, runtime::Executor& executor) noexcept;

/// Throws Error: invalid_argument, where `value` is none of its type's, of which `last` is the
/// last.
template <typename Enum>
void require_known(const char* name, Enum value, Enum last) {
  const int number = static_cast<int>(value);
  if (number < 0 || number > static_cast<int>(last))
    throw Error(ErrorCode::invalid_argument,
                fmt::format("{} is {}, 0 to {} wanted", name, number, static_cast<int>(last)));
}

/// What a loaded model is made of. Hidden, where the class around it is exported.
struct __attribute__((visibility("hidden"))) Reranker::Impl {
  Impl(text::Tokenizer loaded, const Runtime& on);
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  text::Tokenizer tokenizer;
  text::Frame frame;  // of a query and a passage
  model::Config config;
  std::size_t max_tokens = 0;  // the window
  std::size_t min_tokens = 0;  // the least that a window may have
  std::shared_ptr<runtime::Executor> executor;
  std::unique_ptr<engine::Encoder> encoder;  // made and destroyed on the executor's thread
  Info info;

  static std::shared_ptr<const Impl> load(const std::filesystem::path& folder,
                                          const LoadOptions& options);

  /// `read`, as one of the calls that the Runtime admits. Throws Error also: overloaded.
  Ranking call(Texts queries, Texts passages, const ScoreOptions& options) const;

  /// A score a passage. Throws Error where one has none.
  std::vector<float> scores(Texts queries, Texts passages, const ScoreOptions& options) const;

  /// The passages, scored and in input order: one query for all of them, or one for each.
  Ranking read(Texts queries, Texts passages, const ScoreOptions& options) const;

  /// Prompts of a query, by window.
  std::map<std::size_t, text::Prompt> make_prompts(std::string_view query,
                                                   const model::LongPassages& how,
                                                   const ScoreOptions& options,
                                                   text::Tokenizer::Scratch& scratch) const;

  /// Bytes of working memory that a pass may take; rises with both.
  std::size_t plan(std::size_t num_tokens, std::size_t num_sequences) const;

  /// Whether memory is there for a pass of each of the sequences alone.
  bool affordable(const std::vector<batch::Sequence>& sequences) const;

  /// Logits of a call's sequences.
  class Encoding;

  /// A call of `read` that nobody waits for.
  class Submitted;

  /// Throws Error: invalid_argument.
  void check(const ScoreOptions& options, std::size_t num_passages) const;

  /// What makes scores and probabilities of a call's logits.
  struct Scoring {
    const model::Fusion* fusion;  // null: a score is its logit
    model::LogOdds log_odds;
  };

  /// By the script of the first query: fusion is for calls of one.
  Scoring scoring(Texts queries, const ScoreOptions& options) const;
  static void score_hits(const Scoring& how, const std::vector<float>& first_stage,
                         std::vector<Hit>& hits);

  /// How passages over the window are read, of the caller's wishes and the folder's.
  model::LongPassages choose(const ScoreOptions& options) const;

  /// What is told of the model: all else is there.
  Info describe(const model::Model& model, std::string_view tokenizer_json) const;

  /// A forward pass of two tokens. Throws Error: model_invalid, where the logit is not finite.
  void check_forward(const std::filesystem::path& folder) const;

  /// Throws Error: forked, in a child of the process that loaded the model.
  void require_own_process() const;

  /// Scratches of the tokenizer, kept warm between calls: as many as the executor has threads,
  /// which callers have to wait for anyhow, but no more than a few.
  class BorrowedScratch;

 private:
  /// The sequences, each affordable, dealt into batches that memory is there for, too; each lists
  /// indices.
  std::vector<std::vector<std::size_t>> deal(const std::vector<batch::Sequence>& sequences,
                                             std::size_t token_budget) const;

  /// A pass of those of the sequences that `members` names, on the executor's thread: puts their
  /// logits into their places, and adds to `usage` what it took.
  void pass(runtime::Crew& crew, const std::vector<batch::Sequence>& sequences,
            const std::vector<std::size_t>& members, std::vector<float>& logits,
            Usage& usage) const;

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

}  // namespace v4
}  // namespace reranker
