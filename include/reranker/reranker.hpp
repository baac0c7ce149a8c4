#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include <reranker/error.hpp>
#include <reranker/export.hpp>
#include <reranker/options.hpp>
#include <reranker/result.hpp>
#include <reranker/runtime.hpp>
#include <reranker/texts.hpp>

namespace reranker {
inline namespace v4 {

/// A loaded cross-encoder: reads a query and a passage together and gives the pair one
/// relevance score.
///
/// A handle: copies share the loaded model, the last one frees it. Immutable once loaded: any
/// number of threads may call it at once. Text is UTF-8; bytes that are not are read as U+FFFD,
/// one for each maximal subpart, and NUL is a character like others.
///
/// **Example**:
///
///     auto model = reranker::Reranker::load("models/small");
///     auto scores = model.score("capital of peru", {"Lima", "Quito"});
///
/// Every call but info() may throw Error: invalid_argument, out_of_memory, forked, internal; score,
/// score_pairs and rank also: cancelled, deadline_exceeded, overloaded. Where there is no memory
/// for an Error either, it is std::bad_alloc.
///
/// A process that exits while calls are under way cuts them short before it goes on; who still
/// waits a second later, and who calls then, gets cancelled.
class RERANKER_EXPORT Reranker {
 public:
  /// Loads a Hugging Face folder: config.json, tokenizer.json and safetensors, single or
  /// sharded. Nothing stays open or mapped. Ends with a forward pass of two tokens. Not for the
  /// static initialisers of a library that is itself being opened by dlopen, which holds the lock
  /// that opening LibTorch waits for; and a fork while another thread is in its first load may
  /// leave a child that can load none. Throws Error: model_not_found, model_invalid, unsupported,
  /// device_unavailable.
  static Reranker load(const std::filesystem::path& folder, const LoadOptions& options = {});

  Reranker(const Reranker&) = default;  // no move: it would leave a handle of nothing
  Reranker& operator=(const Reranker&) = default;

  /// One score a passage, in the order given; higher is more relevant. All or nothing: as many
  /// finite floats as passages, or an Error. No passages, no scores.
  ///
  /// A score is a raw logit, fused with the first stage where options.first_stage is given and
  /// the folder has a fusion. A pair's logit has the same bits in any call with the same options
  /// for long passages and special tokens; a fused score depends on the call's first_stage, too.
  /// Throws Error also: too_long, model_invalid (the model, or its fusion, gives no finite score).
  std::vector<float> score(std::string_view query, Texts passages,
                           const ScoreOptions& options = {}) const;

  /// Score of queries[i] with passages[i], as score gives it; as many of one as of the other, else
  /// invalid_argument. Fusion, where asked for, normalises over the whole call: leave first_stage
  /// empty unless the query is the same.
  /// Throws Error also: too_long, model_invalid.
  std::vector<float> score_pairs(Texts queries, Texts passages,
                                 const ScoreOptions& options = {}) const;

  /// The passages, best first, with a report each. Never fails for one passage: its status says
  /// what went wrong.
  Ranking rank(std::string_view query, Texts passages, const RankOptions& options = {}) const;

  /// What rank does, without waiting: for reactors and coroutines. `on_done` is called once, with
  /// what rank would return, or with what it would throw and an empty ranking; on a thread of the
  /// Runtime that tokenises for all submitted calls (1 MiB of stack), so it should be quick, must
  /// not throw, and must not wait for a call of the library; it may submit more. Calls begin in the
  /// order of their coming; one whose deadline has passed by then ends, and is told so no sooner.
  ///
  /// The model lives without the handle and is let go just before on_done. Letting go of the last
  /// handle waits for an on_done under way. Without a handle one on_done may wait until another
  /// returns: it holds no lock then that the other takes. Before it unloads the library or ends the
  /// process a host waits for every on_done, then lets go of the last handles of model and Runtime
  /// itself; neither on_done nor the request's progress may hold a copy. Both are gone where submit
  /// throws: keep copies to try again.
  ///
  /// Throws Error: overloaded, forked, out_of_memory (a thread cannot be started), invalid_argument
  /// (on_done is empty). on_done is not called then.
  void submit(Request request, RankingCallback on_done) const;

  /// The ids that the encoder would read for the pair, prompt and specials included, not cut.
  std::vector<std::int32_t> tokenize(std::string_view query, std::string_view passage,
                                     SpecialTokens special_tokens = SpecialTokens::match) const;

  /// The ids of a text alone: no prompt, no template.
  std::vector<std::int32_t> tokenize(std::string_view text,
                                     SpecialTokens special_tokens = SpecialTokens::match) const;

  const Info& info() const;

 private:
  struct Impl;
  explicit Reranker(std::shared_ptr<const Impl> impl);
  std::shared_ptr<const Impl> impl_;
};

}  // namespace v4
}  // namespace reranker
