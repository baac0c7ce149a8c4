#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "json_out.hpp"
#include "options.hpp"
#include "output.hpp"
#include "verbs.hpp"

namespace {

struct Arguments {
  ModelArguments model;
  bool json = false;
};

struct Field {
  std::string key;
  std::string text;
  bool quoted;  ///< A string in JSON.
};

std::vector<Field> fields_of(const reranker::Info& info) {
  const auto number = [](auto value) { return fmt::format("{}", value); };
  return {
      {"architecture", info.architecture, true},
      {"tokenizer", info.tokenizer, true},
      {"num_layers", number(info.num_layers), false},
      {"hidden_size", number(info.hidden_size), false},
      {"intermediate_size", number(info.intermediate_size), false},
      {"num_heads", number(info.num_heads), false},
      {"num_kv_heads", number(info.num_kv_heads), false},
      {"head_dim", number(info.head_dim), false},
      {"vocabulary", number(info.vocabulary), false},
      {"parameters", number(info.parameters), false},
      {"stored", info.stored, true},
      {"max_tokens", number(info.max_tokens), false},
      {"device", info.device, true},
      {"precision", info.precision, true},
      {"weights", info.weights, true},
      {"attention", info.attention, true},
      {"isa", info.isa, true},
      {"libtorch", info.libtorch, true},
      {"threads", number(info.threads), false},
      {"weight_bytes", number(info.weight_bytes), false},
      {"bytes_per_token", number(info.bytes_per_token), false},
      {"fusion", number(info.fusion), false},
      {"first_stage_max_weight", number(info.first_stage_max_weight), false},
      {"first_stage_zscore_weight", number(info.first_stage_zscore_weight), false},
      {"overflow", info.overflow, true},
      {"max_chunks", number(info.max_chunks), false},
      {"chunk_tokens", number(info.chunk_tokens), false},
      {"article_tokens", number(info.article_tokens), false},
      {"article_max_chunks", number(info.article_max_chunks), false},
      {"article_chunk_tokens", number(info.article_chunk_tokens), false},
      {"calibrated", number(info.calibrated), false},
      {"fingerprint", info.fingerprint, true},
  };
}

// In JSON a list.
std::string list_of(const std::vector<std::string>& lines) {
  std::string json = "[";
  for (const auto& line : lines) {
    if (json.size() > 1) json += ',';
    append_string(json, line);
  }
  return json + ']';
}

std::string as_table(const reranker::Info& info) {
  std::string table;
  for (const auto& [key, text, quoted] : fields_of(info))
    table += fmt::format("{:<26} {}\n", key, text);
  for (const auto& line : info.kernels) table += fmt::format("{:<26} {}\n", "kernels", line);
  return table;
}

std::string as_json(const reranker::Info& info) {
  std::string json;
  for (const auto& [key, text, quoted] : fields_of(info)) {
    json += json.empty() ? '{' : ',';
    append_string(json, key);
    json += ':';
    if (quoted)
      append_string(json, text);
    else
      json += text;
  }
  if (!info.kernels.empty()) json += ",\"kernels\":" + list_of(info.kernels);
  return json + "}\n";
}

void run(const Arguments& arguments) {
  const reranker::Info info = load(arguments.model).info();
  write_out(arguments.json ? as_json(info) : as_table(info));
}

}  // namespace

void add_info(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  auto* verb = app.add_subcommand("info", "Says what was loaded, and on what it runs");
  add_model_options(*verb, arguments->model)->required();
  verb->add_flag("--json", arguments->json, "One JSON object instead of a table");
  verb->callback([arguments] { run(*arguments); });
}
