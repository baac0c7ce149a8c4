#pragma once

#include <CLI/App.hpp>

// One verb of the tool each: its options, and the callback that runs it.
void add_score(CLI::App& app);
void add_rank(CLI::App& app);
void add_tokenize(CLI::App& app);
void add_eval(CLI::App& app);
void add_info(CLI::App& app);
void add_bench(CLI::App& app);
