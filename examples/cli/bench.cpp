#include <algorithm>
#include <chrono>
#include <ctime>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "failure.hpp"
#include "json_out.hpp"
#include "options.hpp"
#include "output.hpp"
#include "verbs.hpp"

namespace {

struct Arguments {
  ModelArguments model;
  reranker::RankOptions options;
  std::size_t tokens = 512, pairs = 8, repeat = 5, warmup = 1;
  bool ragged = false;
  bool json = false;
};

struct Spread {
  double median, least, most;
};

struct Measurement {
  double load_seconds = 0, load_cpu_seconds = 0;  ///< Of all threads.
  std::size_t tokens = 0, pairs = 0, peak_bytes = 0;
  std::vector<double> seconds;  ///< One a repetition.
};

constexpr const char* kQuery = "how do bees tell each other where food is";

std::string words(std::size_t count, unsigned seed) {
  constexpr const char* kWords[] = {"the", "hive",  "of", "river", "and", "light", "a",   "number",
                                    "in",  "water", "to", "house", "is",  "story", "for", "winter"};
  std::mt19937 random(seed);
  std::string text;
  for (std::size_t i = 0; i < count; ++i)
    text += (i ? " " : "") + std::string(kWords[random() % 16]);
  return text;
}

/// The longest passage of random words whose prompt has no more than `tokens` tokens.
std::string passage_of(const reranker::Reranker& model, std::size_t tokens, unsigned seed) {
  if (const auto least = model.tokenize(kQuery, "").size(); tokens < least)
    throw usage_failure(
        fmt::format("--tokens: a pair of {} tokens asked for, {} or more wanted", tokens, least));
  std::size_t fits = 0, too_many = tokens + 1;  // a word has a token at least
  while (too_many - fits > 1) {
    const std::size_t count = (fits + too_many) / 2;
    (model.tokenize(kQuery, words(count, seed)).size() <= tokens ? fits : too_many) = count;
  }
  return words(fits, seed);
}

/// Ragged lengths fall evenly from the whole length to an eighth of it.
std::vector<std::string> make_passages(const reranker::Reranker& model,
                                       const Arguments& arguments) {
  std::vector<std::string> passages;
  for (std::size_t i = 0; i < arguments.pairs; ++i) {
    const std::size_t cut = arguments.ragged ? arguments.tokens * 7 * i / (8 * arguments.pairs) : 0;
    passages.push_back(passage_of(model, arguments.tokens - cut, static_cast<unsigned>(i)));
  }
  return passages;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void require_scored(const reranker::Ranking& ranking) {
  for (const auto& hit : ranking.hits)
    if (!has_score(hit))
      fail_unscored(hit.status, fmt::format("a pair is {}: there is nothing to time",
                                            reranker::name(hit.status)));
}

void repeat(const reranker::Reranker& model, const Arguments& arguments, Measurement& result) {
  const auto passages = make_passages(model, arguments);
  Progress progress("repetitions", arguments.warmup + arguments.repeat);
  for (std::size_t i = 0; i < arguments.warmup + arguments.repeat; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const auto ranking = model.rank(kQuery, passages, arguments.options);
    if (i >= arguments.warmup) result.seconds.push_back(seconds_since(start));
    require_scored(ranking);
    result.tokens = ranking.usage.tokens;
    result.peak_bytes = ranking.usage.peak_bytes;
    progress.advance();
  }
  result.pairs = passages.size();
}

/// `count` of something a repetition, as rates.
Spread rates(const Measurement& result, std::size_t count) {
  std::vector<double> rates;
  for (const double seconds : result.seconds) rates.push_back(static_cast<double>(count) / seconds);
  std::sort(rates.begin(), rates.end());
  const std::size_t middle = rates.size() / 2;
  const double median = rates.size() % 2 ? rates[middle] : (rates[middle - 1] + rates[middle]) / 2;
  return {median, rates.front(), rates.back()};
}

std::string row(const char* unit, const Spread& spread) {
  return fmt::format("{:<10} {:10.1f}   ({:.1f} to {:.1f})\n", unit, spread.median, spread.least,
                     spread.most);
}

std::string as_table(const Measurement& result, const reranker::Info& info) {
  std::string table = fmt::format("{} on {} ({}), {}, {} threads: {} pairs, {} tokens, {} times\n",
                                  info.architecture, info.device, info.isa, info.precision,
                                  info.threads, result.pairs, result.tokens, result.seconds.size());
  table += row("tokens/s", rates(result, result.tokens));
  table += row("pairs/s", rates(result, result.pairs));
  table += fmt::format("{:<10} {:10.3f} s   ({:.3f} s of processor time)\n", "load",
                       result.load_seconds, result.load_cpu_seconds);
  table += fmt::format("{:<10} {:10.1f} MiB\n", "working",
                       static_cast<double>(result.peak_bytes) / (1 << 20));
  return table;
}

std::string as_json(const Measurement& result) {
  const Spread tokens = rates(result, result.tokens), pairs = rates(result, result.pairs);
  return fmt::format(
      "{{\"pairs\":{},\"tokens\":{},\"repetitions\":{},"
      "\"tokens_per_second\":[{:.3f},{:.3f},{:.3f}],\"pairs_per_second\":[{:.3f},{:.3f},{:.3f}],"
      "\"load_seconds\":{:.4f},\"load_cpu_seconds\":{:.4f},\"peak_bytes\":{}}}\n",
      result.pairs, result.tokens, result.seconds.size(), tokens.median, tokens.least, tokens.most,
      pairs.median, pairs.least, pairs.most, result.load_seconds, result.load_cpu_seconds,
      result.peak_bytes);
}

void run(const Arguments& arguments) {
  Measurement result;
  const auto start = std::chrono::steady_clock::now();
  const std::clock_t cpu_start = std::clock();
  const auto model = load(arguments.model, arguments.options);
  result.load_seconds = seconds_since(start);
  result.load_cpu_seconds = static_cast<double>(std::clock() - cpu_start) / CLOCKS_PER_SEC;
  repeat(model, arguments, result);
  write_out(arguments.json ? as_json(result) : as_table(result, model.info()));
}

}  // namespace

void add_bench(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  auto* verb = app.add_subcommand(
      "bench", "Scores made-up pairs; writes the median rate, least and most, and the load time");
  add_model_options(*verb, arguments->model)->required();
  add_call_options(*verb, arguments->options);
  add_count(*verb, "--tokens", arguments->tokens, 1, "Tokens of a pair, prompt included");
  add_count(*verb, "--pairs", arguments->pairs, 1, "Pairs of a call");
  verb->add_flag("--ragged", arguments->ragged, "Lengths from --tokens down to an eighth of it");
  add_count(*verb, "--repeat", arguments->repeat, 1, "Calls that are timed");
  add_count(*verb, "--warmup", arguments->warmup, 0, "Calls before them");
  verb->add_flag("--json", arguments->json, "JSON; rates as [median, least, most]");
  verb->callback([arguments] { run(*arguments); });
}
