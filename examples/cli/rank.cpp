#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "display.hpp"
#include "failure.hpp"
#include "json_out.hpp"
#include "options.hpp"
#include "output.hpp"
#include "verbs.hpp"

namespace {

struct Arguments {
  ModelArguments model;
  QueryArguments query;
  reranker::RankOptions options;
  bool json = false;
};

std::vector<std::string> read_passages() {
  std::vector<std::string> passages;
  for (std::string line; std::getline(std::cin, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    passages.push_back(std::move(line));
  }
  if (std::cin.bad()) throw input_failure("the input cannot be read to its end");
  return passages;
}

using Hits = std::vector<reranker::Hit>;

std::string as_json(const Hits& hits, const std::vector<std::string>& passages) {
  std::string json;
  for (std::size_t i = 0; i < hits.size(); ++i) {
    json += fmt::format("{{\"rank\":{},", i + 1);
    append_hit(json, hits[i]);
    json += ",\"passage\":";
    append_string(json, passages[hits[i].index]);
    json += "}\n";
  }
  return json;
}

std::string score_columns(const reranker::Hit& hit) {
  if (!has_score(hit)) return fmt::format("{:>19}", reranker::name(hit.status));
  return fmt::format("{:>9.4f} {:>9.4f}", hit.score, hit.probability);
}

// Without a calibration the number is no probability of anything.
std::string as_table(const Hits& hits, const std::vector<std::string>& passages, bool calibrated) {
  constexpr std::size_t kNumberColumns = 26, kLeastSnippet = 20;
  const std::size_t columns = std::max(terminal_columns(), kNumberColumns + kLeastSnippet);

  std::string table = fmt::format("{:>4} {:>9} {:>9}  {}\n", "rank", "score",
                                  calibrated ? "prob." : "sigmoid", "passage");
  for (std::size_t i = 0; i < hits.size(); ++i)
    table += fmt::format("{:>4} {}  {}\n", i + 1, score_columns(hits[i]),
                         one_line(passages[hits[i].index], columns - kNumberColumns));
  return table;
}

void run(const Arguments& arguments) {
  const std::string query = read_query(arguments.query);
  const auto model = load(arguments.model, arguments.options);
  const auto passages = read_passages();
  const auto hits = model.rank(query, passages, arguments.options).hits;
  write_out(arguments.json ? as_json(hits, passages)
                           : as_table(hits, passages, model.info().calibrated));
}

}  // namespace

void add_rank(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  auto* verb = app.add_subcommand("rank", "Reads one passage a line; writes them best first");
  add_model_options(*verb, arguments->model)->required();
  add_query_options(*verb, arguments->query);
  add_count(*verb, "--top", arguments->options.top_n, 0, "The best N only (default, or 0: all)");
  add_call_options(*verb, arguments->options);
  verb->add_flag("--json", arguments->json, "One JSON object a line instead of a table");
  verb->callback([arguments] { run(*arguments); });
}
