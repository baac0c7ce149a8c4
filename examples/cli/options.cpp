#include "options.hpp"

#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "failure.hpp"

namespace {

using reranker::Device;
using reranker::Overflow;
using reranker::Precision;
using reranker::SpecialTokens;

template <typename Value>
using Choices = std::vector<std::pair<std::string, Value>>;

template <typename Value>
std::string words(const Choices<Value>& choices) {
  std::string joined;
  for (const auto& [word, value] : choices) joined += (joined.empty() ? "" : "|") + word;
  return joined;
}

template <typename Value>
void add_choice(CLI::App& app, const std::string& flag, Value& target, Choices<Value> choices,
                const std::string& help) {
  const auto choose = [flag, &target, choices](const std::string& found) {
    for (const auto& [word, value] : choices)
      if (word == found) return void(target = value);
    throw CLI::ValidationError(flag, fmt::format("'{}' found, {} wanted", found, words(choices)));
  };
  app.add_option_function<std::string>(flag, choose, help)->type_name(words(choices));
}

// Names of a unit, and how many bits of bytes it is.
const std::vector<std::pair<std::set<std::string>, int>> kUnits = {
    {{"", "b"}, 0},           {{"k", "kb", "kib"}, 10}, {{"m", "mb", "mib"}, 20},
    {{"g", "gb", "gib"}, 30}, {{"t", "tb", "tib"}, 40},
};

// "cuda:1" is the second of several.
void add_device(CLI::App& app, ModelArguments& arguments) {
  const auto choose = [&arguments](const std::string& found) {
    const std::string cuda = "cuda:";
    const char* end = found.data() + found.size();
    if (found == "auto") return void(arguments.device = Device::automatic);
    if (found == "cpu") return void(arguments.device = Device::cpu);
    if (found == "cuda") return void(arguments.device = Device::cuda);
    const bool numbered = found.compare(0, cuda.size(), cuda) == 0 && found.size() > cuda.size();
    const auto [stop, error] =
        std::from_chars(numbered ? found.data() + cuda.size() : end, end, arguments.device_index);
    if (error != std::errc() || stop != end || arguments.device_index < 0)
      throw CLI::ValidationError("--device",
                                 fmt::format("'{}' found, auto|cpu|cuda|cuda:N wanted", found));
    arguments.device = Device::cuda;
  };
  app.add_option_function<std::string>("--device", choose, "Where to compute")
      ->type_name("auto|cpu|cuda|cuda:N");
}

// 512, 512B, 512kB, 512MB, 2GiB, 1TB: in steps of 1024.
void add_bytes(CLI::App& app, const std::string& flag, std::size_t& target,
               const std::string& help) {
  const auto read = [flag, &target](const std::string& found) {
    const char* end = found.data() + found.size();
    const auto [stop, error] = std::from_chars(found.data(), end, target);
    const std::string unit = CLI::detail::to_lower(std::string(stop, end));
    for (const auto& [suffixes, shift] : kUnits)
      if (error == std::errc() && suffixes.count(unit) != 0 && target << shift >> shift == target)
        return void(target <<= shift);
    throw CLI::ValidationError(
        flag, fmt::format("'{}' found, a size such as 2000000, 512MB or 2GB wanted", found));
  };
  app.add_option_function<std::string>(flag, read, help)->type_name("SIZE");
}

void print_warning(reranker::LogLevel level, std::string_view message) {
  if (level == reranker::LogLevel::warning) fmt::print(stderr, "rerank: warning: {}\n", message);
}

std::optional<reranker::Runtime> make_runtime(const ModelArguments& arguments) {
  if (arguments.threads == 0 && arguments.memory_limit == 0) return std::nullopt;
  reranker::RuntimeOptions options;
  options.threads = arguments.threads;
  options.memory_limit = arguments.memory_limit;
  return reranker::Runtime(options);
}

/// Does `work`; an argument that the library refuses is a usage failure.
template <typename Work>
auto with_usage(const Work& work) {
  try {
    return work();
  } catch (const reranker::Error& error) {
    if (error.code() != reranker::ErrorCode::invalid_argument) throw;
    throw usage_failure(error.what());
  }
}

}  // namespace

CLI::Validator named() {
  return CLI::Validator(
      [](std::string& path) { return path.empty() ? std::string("'' found, a path wanted") : ""; },
      "");
}

void add_count(CLI::App& app, const std::string& flag, std::size_t& target, std::size_t least,
               const std::string& help) {
  // Not CLI11's own reading, which takes -1 for the largest number of all.
  const auto read = [flag, &target, least](const std::string& found) {
    const char* end = found.data() + found.size();
    const auto [stop, error] = std::from_chars(found.data(), end, target);
    if (error != std::errc() || stop != end || target < least)
      throw CLI::ValidationError(
          flag, fmt::format("'{}' found, a whole number of {} or more wanted", found, least));
  };
  app.add_option_function<std::string>(flag, read, help)->type_name("N");
}

CLI::Option* add_model_options(CLI::App& app, ModelArguments& arguments) {
  add_device(app, arguments);
  add_choice<Precision>(app, "--precision", arguments.precision,
                        {{"auto", Precision::automatic},
                         {"fp32", Precision::fp32},
                         {"bf16", Precision::bf16},
                         {"fp16", Precision::fp16},
                         {"int8", Precision::int8},
                         {"fp8", Precision::fp8}},
                        "Arithmetic of the projections");
  add_count(app, "--threads", arguments.threads, 0,
            "Threads that compute (default: 0, all there are)");
  add_count(app, "--max-tokens", arguments.max_tokens, 1,
            "Window in tokens, prompt included (default: the folder's)");
  add_bytes(app, "--memory-limit", arguments.memory_limit,
            "Bound on working memory in bytes, or as 512MB, 2GB");
  return app.add_option("--model", arguments.folder, "Hugging Face folder")
      ->type_name("DIR")
      ->check(named());
}

void add_special_tokens(CLI::App& app, SpecialTokens& special_tokens) {
  add_choice<SpecialTokens>(app, "--special-tokens", special_tokens,
                            {{"match", SpecialTokens::match}, {"plain", SpecialTokens::plain}},
                            "What '<|eot_id|>' and its like mean inside a text");
}

void add_call_options(CLI::App& app, reranker::ScoreOptions& options) {
  add_count(app, "--token-budget", options.token_budget, 1, "Tokens of one forward pass, at most");
  add_choice<Overflow>(
      app, "--overflow", options.overflow,
      {{"auto", Overflow::automatic},
       {"truncate", Overflow::truncate},
       {"chunk", Overflow::chunk},
       {"fail", Overflow::fail}},
      "What happens to a passage over the window; auto: what the folder says, else truncate");
  add_count(
      app, "--max-chunks", options.max_chunks, 1,
      "Chunks of one passage that are read, at most: the first and the likeliest for the query");
  add_count(app, "--chunk-tokens", options.chunk_tokens, 1,
            "Tokens of one such chunk, prompt included; default: as many as of a whole passage");
  add_special_tokens(app, options.special_tokens);
}

void add_query_options(CLI::App& app, QueryArguments& arguments) {
  auto* group = app.add_option_group("query");
  group->add_option("--query", arguments.text, "The query");
  group->add_option("--query-file", arguments.file, "A file that holds the query")
      ->type_name("FILE")
      ->check(named());
  group->require_option(1);
}

reranker::Reranker load(const ModelArguments& arguments) {
  return with_usage([&] {
    reranker::LoadOptions options;
    options.device = arguments.device;
    options.device_index = arguments.device_index;
    options.precision = arguments.precision;
    options.max_tokens = arguments.max_tokens;
    options.runtime = make_runtime(arguments);
    options.log = print_warning;
    return reranker::Reranker::load(arguments.folder, options);
  });
}

reranker::Reranker load(const ModelArguments& arguments, const reranker::ScoreOptions& of_calls) {
  const reranker::ScoreOptions by_default;
  if (of_calls.overflow != Overflow::chunk && (of_calls.max_chunks != by_default.max_chunks ||
                                               of_calls.chunk_tokens != by_default.chunk_tokens))
    print_warning(reranker::LogLevel::warning,
                  "--max-chunks and --chunk-tokens change nothing without --overflow chunk");
  auto model = load(arguments);
  // Of no passage: the options alone are looked at.
  with_usage([&] { return model.score("", {}, of_calls); });
  return model;
}

std::string read_query(const QueryArguments& arguments) {
  if (arguments.file.empty()) return arguments.text;
  std::ifstream file(arguments.file, std::ios::binary);
  if (!file || std::filesystem::is_directory(arguments.file))
    throw input_failure(fmt::format("{}: cannot be read", arguments.file));
  std::string query{std::istreambuf_iterator<char>(file), {}};
  if (!query.empty() && query.back() == '\n') query.pop_back();
  if (!query.empty() && query.back() == '\r') query.pop_back();
  return query;
}
