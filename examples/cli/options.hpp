#pragma once

#include <cstddef>
#include <string>

#include <CLI/App.hpp>
#include <CLI/Validators.hpp>
#include <reranker/reranker.hpp>

/// What the command line says about the model and what it runs on.
struct ModelArguments {
  std::string folder;
  reranker::Device device = reranker::Device::automatic;
  int device_index = 0;  ///< Of several CUDA devices.
  reranker::Precision precision = reranker::Precision::automatic;
  std::size_t max_tokens = 0;    ///< 0: the folder's.
  std::size_t threads = 0;       ///< 0: what the machine leaves to the process.
  std::size_t memory_limit = 0;  ///< Bytes; 0: no bound.
};

/// A query, as text or as a file's name.
struct QueryArguments {
  std::string text;
  std::string file;
};

// Each of these binds the flags of `app` to a struct that must live until the app has parsed.

/// A whole number of `least` or more.
void add_count(CLI::App& app, const std::string& flag, std::size_t& target, std::size_t least,
               const std::string& help);

/// Of a path: refuses the empty one, which a variable that is not set leaves.
CLI::Validator named();

/// Returns the option --model, for the caller to require or not.
CLI::Option* add_model_options(CLI::App& app, ModelArguments& arguments);
void add_special_tokens(CLI::App& app, reranker::SpecialTokens& special_tokens);
void add_call_options(CLI::App& app, reranker::ScoreOptions& options);
void add_query_options(CLI::App& app, QueryArguments& arguments);

/// Loads the model; its warnings go to stderr. An option that the library refuses is a usage
/// failure, those of its calls before the first one.
reranker::Reranker load(const ModelArguments& arguments);
reranker::Reranker load(const ModelArguments& arguments, const reranker::ScoreOptions& of_calls);

/// The query; a file's one last line end is not part of it.
std::string read_query(const QueryArguments& arguments);
