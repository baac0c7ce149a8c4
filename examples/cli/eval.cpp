#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "beir.hpp"
#include "eval_report.hpp"
#include "failure.hpp"
#include "json_out.hpp"
#include "metrics.hpp"
#include "options.hpp"
#include "output.hpp"
#include "verbs.hpp"

namespace {

struct Arguments {
  ModelArguments model;
  reranker::RankOptions options;
  std::string data, split, candidates, json, logits;
  std::size_t limit = 0;
};

/// Positions of a query's candidates, best first.
using Positions = std::vector<std::size_t>;

Gains gains_of(const EvalQuery& query, const Positions& positions) {
  Gains gains;
  for (const std::size_t position : positions) {
    const auto found = query.relevant.find(query.passage_ids[position]);
    gains.push_back(found == query.relevant.end() ? 0 : found->second);
  }
  return gains;
}

void add(Measures& measures, const EvalQuery& query, const Gains& ordered) {
  Gains all;
  for (const auto& [id, gain] : query.relevant) all.push_back(gain);
  measures.recall_at_5.push_back(recall(ordered, all.size(), 5));
  measures.ndcg_at_10.push_back(ndcg(ordered, all, 10));
}

Positions candidates_order(const EvalQuery& query) {
  Positions positions(query.passage_ids.size());
  std::iota(positions.begin(), positions.end(), std::size_t{0});
  return positions;
}

Gains best_possible(const EvalQuery& query) {
  Gains gains = gains_of(query, candidates_order(query));
  std::sort(gains.begin(), gains.end(), std::greater<>());
  return gains;
}

Positions by_score(const std::vector<reranker::Hit>& hits) {
  Positions positions;
  for (const auto& hit : hits) positions.push_back(hit.index);
  return positions;
}

Positions by_logit(std::vector<reranker::Hit> hits) {
  std::sort(hits.begin(), hits.end(), [](const auto& a, const auto& b) {
    const bool a_scored = !std::isnan(a.logit);
    const bool b_scored = !std::isnan(b.logit);
    if (a_scored != b_scored) return a_scored;
    return a_scored && a.logit != b.logit ? a.logit > b.logit : a.index < b.index;
  });
  return by_score(hits);
}

std::vector<std::string_view> passages_of(const EvalSet& set, const EvalQuery& query) {
  std::vector<std::string_view> passages;
  for (const auto& id : query.passage_ids) passages.push_back(set.passages.at(id));
  return passages;
}

/// One pass of the model gives both orders: a fused score leaves the logit as it is.
void rerank(const reranker::Reranker& model, const EvalSet& set, reranker::RankOptions options,
            EvalReport& report) {
  Order alone{"reranked", {}}, fused{"fused", {}};
  Progress progress("queries", set.queries.size());
  auto status = reranker::Status::ok;  // of the last pair
  for (const auto& query : set.queries) {
    options.first_stage = query.first_stage;
    const auto ranking = model.rank(query.text, passages_of(set, query), options);
    add(alone.measures, query, gains_of(query, by_logit(ranking.hits)));
    add(fused.measures, query, gains_of(query, by_score(ranking.hits)));
    append_logits(report.logits, report.data, query, ranking.hits);
    for (const auto& hit : ranking.hits) report.unscored += !has_score(hit);
    if (!ranking.hits.empty()) status = ranking.hits.back().status;
    report.tokens += ranking.usage.tokens;
    report.seconds += ranking.timings.total;
    progress.advance();
  }
  if (report.unscored == report.pairs)
    fail_unscored(status, fmt::format("none of {} pairs could be scored, the last is {}: nothing "
                                      "to measure",
                                      report.pairs, reranker::name(status)));
  report.orders.push_back(std::move(alone));
  if (model.info().fusion) report.orders.push_back(std::move(fused));
}

void measure(const EvalSet& set, const std::string& name,
             const std::function<Gains(const EvalQuery&)>& order, EvalReport& report) {
  Order result{name, {}};
  for (const auto& query : set.queries) add(result.measures, query, order(query));
  report.orders.push_back(std::move(result));
}

EvalReport evaluate(const Arguments& arguments, const EvalSet& set,
                    const std::optional<reranker::Reranker>& model) {
  EvalReport report;
  report.data = std::filesystem::canonical(arguments.data).filename().string();
  report.split = arguments.split;
  report.queries = set.queries.size();
  report.without_relevant = set.without_relevant;
  for (const auto& query : set.queries) report.pairs += query.passage_ids.size();

  measure(
      set, "candidates",
      [](const EvalQuery& query) { return gains_of(query, candidates_order(query)); }, report);
  if (model) rerank(*model, set, arguments.options, report);
  measure(set, "ceiling", best_possible, report);
  return report;
}

/// Whether it can be written is to be known before the work, not after it.
void require_writable(const std::string& path) {
  if (!path.empty() && !std::ofstream(path, std::ios::binary | std::ios::app))
    throw input_failure(fmt::format("{}: cannot be written", path));
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  if (!file.flush()) throw input_failure(fmt::format("{}: cannot be written", path));
}

void run(const Arguments& arguments) {
  for (const auto& path : {arguments.json, arguments.logits}) require_writable(path);
  std::optional<reranker::Reranker> model;
  if (!arguments.model.folder.empty()) model = load(arguments.model, arguments.options);
  const auto set =
      read_eval_set(arguments.data, arguments.split, arguments.candidates, arguments.limit);
  const auto report = evaluate(arguments, set, model);
  write_out(as_table(report));
  if (!arguments.json.empty()) write_file(arguments.json, as_json(report));
  if (!arguments.logits.empty()) write_file(arguments.logits, report.logits);
}

}  // namespace

void add_eval(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  auto* verb = app.add_subcommand("eval",
                                  "Recall@5 and nDCG@10 of a first stage's candidates, after "
                                  "reranking alone, and fused with the candidates' scores");
  verb->add_option("--data", arguments->data, "Folder in BEIR's layout")
      ->type_name("DIR")
      ->check(named())
      ->required();
  verb->add_option("--split", arguments->split, "Name of the file in qrels/")->required();
  verb->add_option("--candidates", arguments->candidates,
                   "Rows of query id, passage id, rank, score; .gz or not")
      ->type_name("FILE")
      ->check(named())
      ->required();
  add_model_options(*verb, arguments->model);
  add_call_options(*verb, arguments->options);
  add_count(*verb, "--limit", arguments->limit, 0, "N queries only, evenly spaced");
  verb->add_option("--json", arguments->json, "Write the figures here too")
      ->type_name("FILE")
      ->check(named());
  verb->add_option("--logits", arguments->logits,
                   "Write every query's logits here, a JSON line each")
      ->type_name("FILE")
      ->check(named())
      ->needs("--model");
  verb->callback([arguments] { run(*arguments); });
}
