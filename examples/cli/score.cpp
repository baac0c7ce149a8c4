#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "failure.hpp"
#include "json_lines.hpp"
#include "json_out.hpp"
#include "options.hpp"
#include "output.hpp"
#include "verbs.hpp"

namespace {

struct Arguments {
  ModelArguments model;
  reranker::RankOptions options;
  bool report = false;
};

struct Request {
  std::string_view query;
  std::vector<std::string_view> passages;
};

Request read_request(const JsonObject& object, reranker::ScoreOptions& options) {
  const Request request{string_field(object, "query"), strings_field(object, "passages")};
  options.first_stage.clear();
  if (has_field(object, "first_stage")) {
    options.first_stage = floats_field(object, "first_stage");
    // An empty one says nothing to the library; here a caller has asked for a fused score.
    if (options.first_stage.empty() && !request.passages.empty())
      throw input_failure(fmt::format("\"first_stage\": 0 numbers found, {} wanted: one a passage",
                                      request.passages.size()));
  }
  return request;
}

std::string scores_line(const std::vector<float>& scores) {
  std::string json = "{\"scores\":";
  append_numbers(json, scores);
  return json + "}\n";
}

std::vector<const reranker::Hit*> in_input_order(const std::vector<reranker::Hit>& hits) {
  std::vector<const reranker::Hit*> ordered(hits.size());
  for (const auto& hit : hits) ordered[hit.index] = &hit;
  return ordered;
}

/// A passage without a score has null: its report says why.
std::string report_line(const std::vector<reranker::Hit>& hits) {
  std::string scores, report;
  for (const auto* hit : in_input_order(hits)) {
    if (!report.empty()) scores += ',', report += ',';
    append_number(scores, hit->score);
    report += '{';
    append_hit(report, *hit);
    report += '}';
  }
  return fmt::format("{{\"scores\":[{}],\"report\":[{}]}}\n", scores, report);
}

std::string answer(const reranker::Reranker& model, const JsonObject& object,
                   Arguments& arguments) {
  const auto [query, passages] = read_request(object, arguments.options);
  if (arguments.report) return report_line(model.rank(query, passages, arguments.options).hits);
  return scores_line(model.score(query, passages, arguments.options));
}

void run(Arguments& arguments) {
  const auto model = load(arguments.model, arguments.options);
  Progress progress("lines", 0);
  for_each_json_line(std::cin, [&](const JsonObject& object) {
    write_out(answer(model, object, arguments));
    progress.advance();
  });
}

}  // namespace

void add_score(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  auto* verb =
      app.add_subcommand("score",
                         "Reads {\"query\": str, \"passages\": [str...]} a line, optionally with "
                         "\"first_stage\": [float...]; writes {\"scores\": [float...]} a line");
  add_model_options(*verb, arguments->model)->required();
  add_call_options(*verb, arguments->options);
  verb->add_flag("--report", arguments->report, "Add \"report\": what became of each passage");
  verb->callback([arguments] { run(*arguments); });
}
