#include <reranker/reranker.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "batch/fit.hpp"
#include "encoding.hpp"
#include "impl.hpp"
#include "model/calibration.hpp"
#include "model/fusion.hpp"
#include "runtime/float_environment.hpp"
#include "runtime/guard.hpp"
#include "submitted.hpp"
#include "text/prompt.hpp"
#include "text/script.hpp"
#include "text/utf8.hpp"

// The flow of a call: texts -> prompts -> sequences that fit the window -> batches -> logits ->
// the best chunk of each passage -> fusion -> input order.

namespace reranker {
inline namespace v4 {
namespace {

constexpr float kUnscored = std::numeric_limits<float>::quiet_NaN();

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// A passage as the encoder will read it, and what is known of it so far.
struct FittedPassage {
  Hit hit;
  std::vector<batch::Sequence> sequences;
};

void check_first_stage(const std::vector<float>& first_stage, std::size_t num_passages) {
  if (!first_stage.empty() && first_stage.size() != num_passages)
    throw Error(ErrorCode::invalid_argument,
                fmt::format("first_stage has {} scores, {} wanted: one a passage",
                            first_stage.size(), num_passages));
  for (std::size_t i = 0; i < first_stage.size(); ++i)
    if (!std::isfinite(first_stage[i]))
      throw Error(ErrorCode::invalid_argument,
                  fmt::format("first_stage[{}] is {}, a finite number wanted", i, first_stage[i]));
}

// Prompts of one query, by window.
using Prompts = std::map<std::size_t, text::Prompt>;

// Fits one passage; byte positions are turned back into those of the caller's text.
FittedPassage fit_passage(const Prompts& prompts, std::size_t max_tokens, std::string_view passage,
                          std::size_t index, const model::LongPassages& how,
                          const runtime::Watch& watch) {
  const text::RepairedText repaired(passage);
  const auto chunks = [&](const model::Chunks& of) {
    return batch::ChunkWindow{prompts.at(of.tokens), of.most};
  };
  const batch::Chunking chunking{chunks(how.chunks), how.article_tokens, chunks(how.article_chunks),
                                 [&] { watch.check(); }};
  auto fitted = batch::fit(prompts.at(max_tokens), chunking, repaired.text(), index, how.overflow);
  Hit hit;
  hit.index = index;
  hit.score = hit.logit = hit.probability = kUnscored;
  hit.status = fitted.status;
  hit.query_truncated = fitted.query_truncated;
  for (auto& sequence : fitted.sequences) {
    hit.tokens += sequence.ids.size();
    sequence.begin = repaired.original_offset(sequence.begin);
    sequence.end = repaired.original_offset(sequence.end);
  }
  hit.bytes_read = batch::bytes_covered(fitted.sequences);
  return {hit, std::move(fitted.sequences)};
}

// A passage is as good as its best chunk; among equals the first counts.
void keep_best(const std::vector<batch::Sequence>& sequences, const std::vector<float>& logits,
               std::vector<Hit>& hits) {
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    Hit& hit = hits[sequences[i].passage];
    if (!std::isfinite(logits[i])) hit.status = Status::non_finite;
    if (std::isnan(hit.logit) || logits[i] > hit.logit) {
      hit.logit = logits[i];
      hit.chunk_begin = sequences[i].begin;
      hit.chunk_end = sequences[i].end;
    }
  }
}

Hit not_scored(Hit hit) {
  hit.status = Status::not_scored;
  hit.bytes_read = 0;
  return hit;
}

bool scored(const Hit& hit) {
  return hit.status == Status::ok || hit.status == Status::truncated ||
         hit.status == Status::chunked;
}

void require_all_scored(const std::vector<Hit>& hits, const Info& info, std::size_t memory_limit) {
  for (const Hit& hit : hits) {
    if (hit.status == Status::not_scored)
      throw Error(ErrorCode::out_of_memory,
                  fmt::format("passage {}: one of its sequences, of {} tokens together, needs "
                              "more working memory than there is, memory_limit is {}, or all that "
                              "its device had left",
                              hit.index, hit.tokens, memory_limit));
    if (hit.status == Status::too_long)
      throw Error(
          ErrorCode::too_long,
          fmt::format("passage {} does not fit: more than {} tokens found, prompt included, {} "
                      "at most wanted",
                      hit.index, info.max_tokens, info.max_tokens));
    if (!scored(hit))
      throw Error(ErrorCode::model_invalid,
                  fmt::format("passage {}: the model gave no finite score in {}", hit.index,
                              info.precision));
  }
}

}  // namespace

Ranking best_first(Ranking ranking, std::size_t top_n) {
  auto& hits = ranking.hits;
  std::stable_sort(hits.begin(), hits.end(), [](const Hit& a, const Hit& b) {
    if (scored(a) != scored(b)) return scored(a);
    return scored(a) && a.score > b.score;
  });
  if (top_n != 0 && top_n < hits.size()) hits.resize(top_n);
  return ranking;
}

Reranker::Reranker(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

void Reranker::Impl::check(const ScoreOptions& options, std::size_t num_passages) const {
  require_known("overflow", options.overflow, Overflow::fail);
  require_known("special_tokens", options.special_tokens, SpecialTokens::plain);
  if (options.token_budget == 0)
    throw Error(ErrorCode::invalid_argument, "token_budget is 0, at least 1 wanted");
  if (options.max_chunks == 0)
    throw Error(ErrorCode::invalid_argument, "max_chunks is 0, at least 1 wanted");
  if (options.chunk_tokens != 0 && options.chunk_tokens < min_tokens)
    throw Error(ErrorCode::invalid_argument,
                fmt::format("chunk_tokens is {}, at least {} wanted for the prompt",
                            options.chunk_tokens, min_tokens));
  check_first_stage(options.first_stage, num_passages);
}

model::LongPassages Reranker::Impl::choose(const ScoreOptions& options) const {
  model::LongPassages how;
  how.overflow = options.overflow;
  how.chunks = {options.max_chunks, options.chunk_tokens};
  if (options.overflow == Overflow::automatic) how = config.long_passages;
  for (model::Chunks* chunks : {&how.chunks, &how.article_chunks})
    if (how.overflow != Overflow::chunk || chunks->tokens == 0 || chunks->tokens > max_tokens)
      chunks->tokens = max_tokens;
  return how;
}

Reranker::Impl::Scoring Reranker::Impl::scoring(Texts queries, const ScoreOptions& options) const {
  const auto& found = options.first_stage;
  const model::Calibration calibration = config.calibration.value_or(model::Calibration{});
  if (!config.fusion || found.empty()) return {nullptr, calibration.logit};
  // Fused maps were fitted where the first stage found something.
  const bool fused = *std::max_element(found.begin(), found.end()) > 0;
  if (!config.fusion_other_scripts || queries.empty() ||
      text::mostly_latin(text::RepairedText(queries[0]).text()))
    return {&*config.fusion, fused ? calibration.fused : calibration.logit};
  return {&*config.fusion_other_scripts,
          fused ? calibration.fused_other_scripts : calibration.logit};
}

// Logits become scores and probabilities; unscored hits keep NaN.
void Reranker::Impl::score_hits(const Scoring& how, const std::vector<float>& first_stage,
                                std::vector<Hit>& hits) {
  const runtime::DefaultFloats as_by_default;
  std::vector<float> terms(hits.size(), 0.0f);
  if (how.fusion != nullptr) terms = model::first_stage_terms(*how.fusion, first_stage);
  for (std::size_t i = 0; i < hits.size(); ++i) {
    Hit& hit = hits[i];
    if (scored(hit)) hit.score = how.fusion != nullptr ? hit.logit + terms[i] : hit.logit;
    if (scored(hit) && !std::isfinite(hit.score)) hit.status = Status::non_finite;
    if (scored(hit))
      hit.probability = model::probability(how.log_odds, hit.score);
    else
      hit.score = hit.logit = kUnscored;
  }
}

// Of every window that `how` reads passages in.
std::map<std::size_t, text::Prompt> Reranker::Impl::make_prompts(
    std::string_view query, const model::LongPassages& how, const ScoreOptions& options,
    text::Tokenizer::Scratch& scratch) const {
  const text::RepairedText repaired(query);
  Prompts out;
  for (const std::size_t window : {max_tokens, how.chunks.tokens, how.article_chunks.tokens})
    out.try_emplace(window, tokenizer, frame, scratch, options.special_tokens, repaired.text(),
                    window);
  return out;
}

// One query for all passages, or one for each.
Ranking Reranker::Impl::read(Texts queries, Texts passages, const ScoreOptions& options) const {
  check(options, passages.size());
  const auto start = Clock::now();
  const auto how = choose(options);
  Ranking ranking;
  const runtime::Watch watch(options.deadline, options.cancel);
  watch.check();
  Progress progress(options.progress, passages.size());
  Encoding encoding(*this, options.token_budget, watch, progress);
  {
    BorrowedScratch scratch(*this);
    Prompts prompts;
    for (std::size_t i = 0; i < passages.size(); ++i) {
      if (i < queries.size()) prompts = make_prompts(queries[i], how, options, *scratch);
      auto fit = fit_passage(prompts, max_tokens, passages[i], i, how, watch);
      if (!affordable(fit.sequences)) fit = {not_scored(fit.hit), {}};
      ranking.hits.push_back(fit.hit);
      progress.expect(i, fit.sequences.size());
      encoding.add(std::move(fit.sequences));
    }
  }
  encoding.finish(ranking.usage, [&](const auto& sequences, const auto& logits) {
    keep_best(sequences, logits, ranking.hits);
  });
  score_hits(scoring(queries, options), options.first_stage, ranking.hits);
  ranking.timings.encode = encoding.seconds_waited();
  ranking.timings.total = seconds_since(start);
  ranking.timings.tokenize = ranking.timings.total - ranking.timings.encode;
  return ranking;
}

Ranking Reranker::Impl::call(Texts queries, Texts passages, const ScoreOptions& options) const {
  require_own_process();
  const runtime::Executor::Admission admission(*executor);
  return read(queries, passages, options);
}

std::vector<float> Reranker::Impl::scores(Texts queries, Texts passages,
                                          const ScoreOptions& options) const {
  const auto ranking = call(queries, passages, options);
  require_all_scored(ranking.hits, info, encoder->memory_limit());
  std::vector<float> out;
  out.reserve(ranking.hits.size());
  for (const Hit& hit : ranking.hits) out.push_back(hit.score);
  return out;
}

std::vector<float> Reranker::score(std::string_view query, Texts passages,
                                   const ScoreOptions& options) const {
  return runtime::guarded([&] { return impl_->scores({query}, passages, options); });
}

std::vector<float> Reranker::score_pairs(Texts queries, Texts passages,
                                         const ScoreOptions& options) const {
  if (queries.size() != passages.size())
    throw Error(ErrorCode::invalid_argument, fmt::format("{} queries and {} passages, as many of "
                                                         "one as of the other wanted",
                                                         queries.size(), passages.size()));
  return runtime::guarded([&] { return impl_->scores(queries, passages, options); });
}

Ranking Reranker::rank(std::string_view query, Texts passages, const RankOptions& options) const {
  return runtime::guarded(
      [&] { return best_first(impl_->call({query}, passages, options), options.top_n); });
}

void Reranker::submit(Request request, RankingCallback on_done) const {
  if (!on_done) throw Error(ErrorCode::invalid_argument, "on_done is empty, a function wanted");
  runtime::guarded([&] {
    impl_->require_own_process();
    auto call = std::make_shared<Impl::Submitted>(impl_, std::move(request), std::move(on_done));
    // Its only holder: what on_done holds goes on the Runtime's thread, never in here.
    impl_->executor->submit([call = std::move(call)] { call->run(); });
  });
}

std::vector<std::int32_t> Reranker::tokenize(std::string_view query, std::string_view passage,
                                             SpecialTokens special_tokens) const {
  return runtime::guarded([&] {
    impl_->require_own_process();
    require_known("special_tokens", special_tokens, SpecialTokens::plain);
    Impl::BorrowedScratch scratch(*impl_);
    const text::Prompt prompt(impl_->tokenizer, impl_->frame, *scratch, special_tokens,
                              text::RepairedText(query).text(), text::Prompt::kNoWindow);
    return prompt.encode(text::RepairedText(passage).text()).ids;
  });
}

std::vector<std::int32_t> Reranker::tokenize(std::string_view text,
                                             SpecialTokens special_tokens) const {
  return runtime::guarded([&] {
    impl_->require_own_process();
    require_known("special_tokens", special_tokens, SpecialTokens::plain);
    Impl::BorrowedScratch scratch(*impl_);
    std::vector<std::int32_t> ids;
    impl_->tokenizer.encode(text::RepairedText(text).text(), special_tokens, *scratch, ids);
    return ids;
  });
}

const Info& Reranker::info() const {
  return impl_->info;
}

}  // namespace v4
}  // namespace reranker
