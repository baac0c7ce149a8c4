#include <cstdint>
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
  reranker::SpecialTokens special_tokens = reranker::SpecialTokens::match;
};

std::vector<std::int32_t> ids_of(const reranker::Reranker& model, const JsonObject& object,
                                 reranker::SpecialTokens special_tokens) {
  if (has_field(object, "text"))
    return model.tokenize(string_field(object, "text"), special_tokens);
  if (!has_field(object, "query") || !has_field(object, "passage"))
    throw input_failure(
        "neither \"text\" nor \"query\" and \"passage\" found, one of these wanted");
  return model.tokenize(string_field(object, "query"), string_field(object, "passage"),
                        special_tokens);
}

void run(const Arguments& arguments) {
  const auto model = load(arguments.model);
  for_each_json_line(std::cin, [&](const JsonObject& object) {
    std::string json = "{\"ids\":";
    append_numbers(json, ids_of(model, object, arguments.special_tokens));
    write_out(json + "}\n");
  });
}

}  // namespace

void add_tokenize(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  auto* verb = app.add_subcommand(
      "tokenize",
      "Reads {\"text\": str} or {\"query\": str, \"passage\": str} a "
      "line; writes {\"ids\": [int...]}: of a text alone, or what the encoder would read "
      "of the pair in a window that cuts nothing");
  add_model_options(*verb, arguments->model)->required();
  add_special_tokens(*verb, arguments->special_tokens);
  verb->callback([arguments] { run(*arguments); });
}
