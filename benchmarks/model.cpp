// How near a whole model comes to what the processor can do. Prints a table on stdout:
//
//   model_bench --model DIR [--precision fp32|bf16|int8] [--threads N] [--only TEXT] [--repeat N]
//
// A line is a workload: tokens a second, and the share of the peak, each the median of N calls (5)
// with the least and the greatest. The share is the time that products alone would take at their
// peaks over the time that the call took, wall clock, tokenizing included. Peaks are probed in this
// process on as many threads at once, right before and after each call. RERANKER_ISA chooses
// kernels.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include <reranker/reranker.hpp>

#include "benchmarks/peaks.hpp"
#include "kernels/cpu/cpu_kernels.hpp"

namespace {

using reranker::Precision;
using reranker::Reranker;

struct Options {
  std::string model;
  Precision precision = Precision::fp32;
  std::size_t threads = 1;
  std::size_t repeat = 5;
  std::string only;
};

struct Workload {
  const char* name;
  std::vector<std::size_t> lengths;  // tokens of each pair, prompt included
};

/// From 16 to 512 tokens, evenly in the logarithm, long and short ones in turns.
std::vector<std::size_t> ragged_lengths() {
  std::vector<std::size_t> lengths;
  for (int i = 0; i < 32; ++i)
    lengths.push_back(static_cast<std::size_t>(16 * std::pow(32.0, i * 11 % 32 / 31.0)));
  return lengths;
}

std::vector<Workload> workloads() {
  return {{"1 x 128", {128}},
          {"8 x 512", std::vector<std::size_t>(8, 512)},
          {"32 of 16 to 512", ragged_lengths()},
          {"1 x 2048", {2048}},
          {"1 x 8192", {8192}}};
}

constexpr const char* kQuery = "how do bees talk";

/// A passage that makes a prompt of up to `tokens` tokens.
std::string passage_of(const Reranker& model, std::size_t tokens) {
  std::string text;
  for (std::size_t i = model.tokenize(kQuery, "").size(); i < tokens; ++i) text += " the";
  while (!text.empty() && model.tokenize(kQuery, text).size() > tokens)
    text.resize(text.size() - 4);
  return text;
}

/// Operations of one pass over sequences of these lengths. A BERT's last layer makes fewer than are
/// counted: of a sequence its first row goes on alone.
struct Operations {
  double projections = 0;
  double attention = 0;
};

Operations count_operations(const reranker::Info& info, const std::vector<reranker::Hit>& hits) {
  const double layers = static_cast<double>(info.num_layers);
  const double hidden = static_cast<double>(info.hidden_size);
  const double heads = static_cast<double>(info.num_heads * info.head_dim);
  const double kv_heads = static_cast<double>(info.num_kv_heads * info.head_dim);
  const double wide_matrices = info.architecture.rfind("Bert", 0) == 0 ? 2 : 3;  // no gate
  const double wide = wide_matrices * static_cast<double>(info.intermediate_size);
  const double weights = layers * hidden * (2 * heads + 2 * kv_heads + wide);
  Operations operations;
  for (const auto& hit : hits) {
    const double tokens = static_cast<double>(hit.tokens);
    operations.projections += 2 * weights * tokens;
    operations.attention += 4 * layers * heads * tokens * tokens;
  }
  return operations;
}

/// Operations a second of all threads, in units of 1e9.
struct Peaks {
  double projections;
  double attention;
};

Peaks probe_core(const reranker::Info& info) {
  const auto& kernels = *reranker::kernels::find_cpu_kernels(info.isa);
  const double fma = fma_peak(info.isa.rfind("avx512", 0) == 0 ? "avx512" : "avx2");
  return {info.precision == "int8"   ? int8_peak(kernels)
          : info.precision == "bf16" ? bf16_peak(kernels)
                                     : fma,
          info.attention == "bf16" ? bf16_peak(kernels) : fma};
}

/// All threads at once: a processor may slow down where all its cores multiply.
Peaks probe(const reranker::Info& info) {
  std::vector<Peaks> of_core(info.threads);
  std::vector<std::thread> threads;
  for (auto& peaks : of_core) threads.emplace_back([&] { peaks = probe_core(info); });
  for (auto& thread : threads) thread.join();
  Peaks sum{};
  for (const auto& peaks : of_core) {
    sum.projections += peaks.projections;
    sum.attention += peaks.attention;
  }
  return sum;
}

struct Spread {
  std::vector<double> values;
  void print(const char* format) {
    std::sort(values.begin(), values.end());
    std::printf(format, values[values.size() / 2], values.front(), values.back());
  }
};

void measure(const Reranker& model, const Workload& workload, const Options& options) {
  std::vector<std::string> passages;
  for (const std::size_t tokens : workload.lengths) passages.push_back(passage_of(model, tokens));
  (void)model.score(kQuery, passages);

  const auto info = model.info();
  Spread rates, shares;
  for (std::size_t i = 0; i < options.repeat; ++i) {
    const Peaks before = probe(info);
    const auto start = std::chrono::steady_clock::now();
    const auto ranking = model.rank(kQuery, passages);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    const Peaks after = probe(info);
    const Operations operations = count_operations(info, ranking.hits);
    const double at_peak =
        operations.projections * 1e-9 / std::max(before.projections, after.projections) +
        operations.attention * 1e-9 / std::max(before.attention, after.attention);
    rates.values.push_back(static_cast<double>(ranking.usage.tokens) / seconds.count());
    shares.values.push_back(100 * at_peak / seconds.count());
  }
  std::printf("%-18s", workload.name);
  rates.print(" %8.0f (%.0f to %.0f) tokens/s");
  shares.print("   %5.1f %% of peak (%.1f to %.1f)\n");
  std::fflush(stdout);
}

[[noreturn]] void explain() {
  std::fprintf(stderr,
               "usage: model_bench --model DIR [--precision fp32|bf16|int8] [--threads N] "
               "[--only TEXT] [--repeat N]\n");
  std::exit(2);
}

Precision precision_of(const std::string& name) {
  if (name == "fp32") return Precision::fp32;
  if (name == "bf16") return Precision::bf16;
  if (name == "int8") return Precision::int8;
  explain();
}

Options read_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    const std::string value = argv[i + 1];
    if (name == "--model")
      options.model = value;
    else if (name == "--precision")
      options.precision = precision_of(value);
    else if (name == "--threads")
      options.threads = std::stoul(value);
    else if (name == "--repeat")
      options.repeat = std::stoul(value);
    else if (name == "--only")
      options.only = value;
    else
      explain();
  }
  if (options.model.empty() || argc % 2 == 0) explain();
  return options;
}

int run(const Options& options) {
  reranker::LoadOptions load;
  load.precision = options.precision;
  load.runtime = reranker::Runtime({options.threads});
  const auto model = Reranker::load(options.model, load);
  const auto info = model.info();
  if (info.isa == "generic") {
    std::fprintf(stderr, "model_bench: plain loops have no peak to be held against\n");
    return 1;
  }
  const Peaks peaks = probe(info);
  std::printf("%s, %s, attention %s, %zu thread(s); peaks %.0f and %.0f G/s\n", info.isa.c_str(),
              info.precision.c_str(), info.attention.c_str(), info.threads, peaks.projections,
              peaks.attention);
  for (const auto& workload : workloads())
    if (std::string(workload.name).find(options.only) != std::string::npos)
      measure(model, workload, options);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(read_options(argc, argv));
  } catch (const reranker::Error& error) {
    std::fprintf(stderr, "model_bench: %s\n", error.what());
    return 1;
  }
}
