#include <cmath>
#include <cstdlib>
#include <string>

#include "cuda/on_cuda.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

// What only a host in place of a device can be told to do, by the environment (emulator.hpp).
// Hidden from runs without it.

using reranker::ErrorCode;
using reranker::Precision;
using reranker::Reranker;

// failing_launch=50: the first pass, of two tokens, has 33 launches. late=1: work waits.
TEST_CASE("a pass that fails leaves nothing under way for the next", "[.failing]") {
  auto options = on_cuda(Precision::automatic, 8 << 20);
  const auto load = [&] { return Reranker::load(std::getenv("RERANKER_SMALL_MODEL"), options); };
  const auto text = [](int repeat) {
    std::string all;
    for (int i = 0; i < repeat; ++i) all += "Bees dance to tell each other where flowers are. ";
    return all;
  };
  const auto model = load();
  options.device = reranker::Device::cpu;
  const float exact = load().score("how do bees talk", {text(30)})[0];

  // Of more tokens than the first pass, so that it is not the same recorded.
  check_error(ErrorCode::internal, "invalid configuration argument",
              [&] { model.score("how do bees talk", {text(5)}); });
  // Longer, so that its ids lie where the failed pass had where sequences begin: read as such they
  // lead out of memory.
  CHECK(std::abs(model.score("how do bees talk", {text(30)})[0] - exact) < 0.01f);
}

// failing_graphs=1 and 2: as where another program has taken the memory that a graph needs when it
// is made, or launched for the first time.
TEST_CASE("a pass that cannot be recorded is computed all the same", "[.no_graphs][.no_launches]") {
  const auto model = load_tiny(on_cuda(Precision::fp32));
  const float exact = load_tiny().score("how do bees talk", {"they dance"})[0];
  for (int pass = 0; pass < 4; ++pass)
    CHECK(std::abs(model.score("how do bees talk", {"they dance"})[0] - exact) < 1e-4f);
}

// largest_block=3000000: as where others take what was free a moment ago. 16,384 tokens want more.
TEST_CASE("where working memory is not to be had passes are smaller", "[.crowded]") {
  const auto model = load_tiny(on_cuda(Precision::fp32));
  const auto usage = model.rank("why", std::vector<std::string>(400, "the bees dance")).usage;
  CHECK(usage.batches > 1);
  CHECK(usage.planned_bytes <= 3000000);
  const float exact = load_tiny().score("how do bees talk", {"they dance"})[0];
  CHECK(std::abs(model.score("how do bees talk", {"they dance"})[0] - exact) < 1e-4f);
}

// capability=89
TEST_CASE("fp8 is refused by name where cuBLASLt does not multiply it", "[.ada]") {
  CHECK(load_tiny(on_cuda(Precision::fp16)).info().isa == "sm_89");
  check_error(ErrorCode::unsupported, "precision is fp8, which cuda:0 host emulator (sm_89)",
              [] { load_tiny(on_cuda(Precision::fp8)); });
}
