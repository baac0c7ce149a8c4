#include <algorithm>
#include <cstdio>
#include <iostream>
#include <new>

#include <CLI/CLI.hpp>
#include <reranker/error.hpp>

#include "failure.hpp"
#include "verbs.hpp"

namespace {

int fail(ExitStatus status, const char* code, std::string message) {
  std::replace(message.begin(), message.end(), '\n', ' ');
  std::fprintf(stderr, "rerank: %s: %s\n", code, message.c_str());
  return static_cast<int>(status);
}

ExitStatus status_of(reranker::ErrorCode code) {
  using reranker::ErrorCode;
  const bool input = code == ErrorCode::invalid_argument || code == ErrorCode::too_long;
  return input ? ExitStatus::input : ExitStatus::model;
}

/// What the exception that is being handled means to the caller.
int report_failure() {
  try {
    throw;
  } catch (const CLI::ParseError& error) {
    return fail(ExitStatus::usage, "usage", error.what());
  } catch (const Failure& error) {
    const bool usage = error.status() == ExitStatus::usage;
    return fail(error.status(), usage ? "usage" : "input", error.what());
  } catch (const reranker::Error& error) {
    return fail(status_of(error.code()), reranker::name(error.code()), error.what());
  } catch (const std::bad_alloc&) {
    return fail(ExitStatus::model, "out_of_memory", "the system has no more memory");
  } catch (const std::exception& error) {
    return fail(ExitStatus::model, "internal", error.what());
  }
}

int run(int argc, char** argv) {
  CLI::App app{"Scores passages for a query with a cross-encoder.", "rerank"};
  app.require_subcommand(0, 1);  // not 1: an unknown word would then go unnamed
  app.footer("Exit status: 0; 1 the input; 2 usage; 3 the model or device.");
  add_score(app);
  add_rank(app);
  add_tokenize(app);
  add_eval(app);
  add_info(app);
  add_bench(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    const int status = app.exit(help);
    if (!std::cout.flush()) throw input_failure("stdout cannot be written");
    return status;
  }
  if (app.get_subcommands().empty()) throw usage_failure("no verb found, see rerank --help");
  return static_cast<int>(ExitStatus::success);
}

}  // namespace

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);  // line by line through C's streams is several times slower
  try {
    return run(argc, argv);
  } catch (...) {
    return report_failure();
  }
}
