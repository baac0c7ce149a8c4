#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <future>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "cuda/on_cuda.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

// The CUDA engine behind the library, on a device or on the host in place of one.

using reranker::Device;
using reranker::ErrorCode;
using reranker::Precision;
using reranker::Reranker;

namespace {

// None where the device cannot compute so.
std::optional<Reranker> load_in(Precision precision) {
  try {
    return load_tiny(on_cuda(precision));
  } catch (const reranker::Error& error) {
    REQUIRE(error.code() == ErrorCode::unsupported);
    WARN("skipped: " << error.what());
    return std::nullopt;
  }
}

bool same_bits(float a, float b) {
  return std::memcmp(&a, &b, sizeof a) == 0;
}

float largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  REQUIRE(a.size() == b.size());
  float most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(a[i] - b[i]));
  return most;
}

}  // namespace

TEST_CASE("logits on CUDA are those of the CPU, as near as their precision", "[cuda]") {
  struct Case {
    Precision precision;
    const char* name;
    float most;
  };
  const auto chosen =
      GENERATE(Case{Precision::automatic, "fp16", 0.003f}, Case{Precision::bf16, "bf16", 0.02f},
               Case{Precision::fp16, "fp16", 0.002f}, Case{Precision::fp32, "fp32", 2e-5f},
               Case{Precision::fp8, "fp8", 0.15f});
  CAPTURE(chosen.name);
  const auto exact = load_tiny().score("why", passages());
  const auto model = load_in(chosen.precision);
  if (!model) return;
  CHECK(model->info().precision == chosen.name);
  CHECK(model->info().device.find("cuda:0 ") == 0);
  CHECK(model->info().isa.find("sm_") == 0);
  CHECK_FALSE(model->info().kernels.empty());
  CHECK(model->info().fingerprint != load_tiny().info().fingerprint);
  const float difference = largest_difference(model->score("why", passages()), exact);
  CAPTURE(difference);
  CHECK(difference < chosen.most);
}

TEST_CASE("the model that ships scores on CUDA as on the CPU", "[cuda]") {
  const char* folder = std::getenv("RERANKER_SMALL_MODEL");
  if (folder == nullptr) {
    WARN("skipped: RERANKER_SMALL_MODEL is not set");
    return;
  }
  const std::vector<std::string> texts{
      "Bees dance to tell each other where flowers are.", "The river runs to the sea.",
      "Honey bees tell the direction and the distance of food by the waggle dance, on a comb in "
      "the "
      "dark hive, where others follow it closely with their antennae."};
  auto options = on_cuda(Precision::fp32);
  options.device = Device::cpu;
  const auto score = [&] {
    return Reranker::load(folder, options).score("how do bees talk", texts);
  };
  const auto exact = score();
  options.device = Device::cuda;
  CHECK(largest_difference(score(), exact) < 1e-4f);
  options.precision = Precision::fp16;
  CHECK(largest_difference(score(), exact) < 0.02f);
  options.precision = Precision::bf16;
  CHECK(largest_difference(score(), exact) < 0.05f);
}

TEST_CASE("a pair has the same bits alone, in a batch, and each time on CUDA", "[cuda]") {
  const auto precision =
      GENERATE(Precision::fp16, Precision::bf16, Precision::fp32, Precision::fp8);
  const auto texts = passages();
  const auto model = load_in(precision);
  if (!model) return;
  const auto together = model->score("why", texts);
  auto turned = texts;
  std::rotate(turned.begin(), turned.begin() + 5, turned.end());
  const auto again = model->score("why", turned);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    CAPTURE(i);
    CHECK(same_bits(again[(i + texts.size() - 5) % texts.size()], together[i]));
    // The second time is recorded, the third is run from the recording.
    for (int time = 0; time < 3; ++time)
      CHECK(same_bits(model->score("why", {texts[i]})[0], together[i]));
  }
}

TEST_CASE("passes that run beside the tokenizer give each pair's bits, in any window", "[cuda]") {
  const auto texts = passages();
  const auto model = load_tiny(on_cuda());
  reranker::RankOptions options;
  const auto all = model.rank("why", texts, options);
  options.token_budget = GENERATE(1, 40, 100, 300);
  const auto cut = model.rank("why", texts, options);
  CHECK(cut.usage.batches > all.usage.batches);
  CHECK(cut.usage.tokens == all.usage.tokens);
  CHECK(cut.usage.sequences == texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    CHECK(cut.hits[i].index == all.hits[i].index);
    CHECK(same_bits(cut.hits[i].score, all.hits[i].score));
  }
  options.overflow = reranker::Overflow::chunk;
  CHECK(model.rank("why", many_passages(), options).usage.sequences > many_passages().size());
}

TEST_CASE("a call on CUDA ends early where it is to, and the model serves on", "[cuda]") {
  const auto texts = passages();
  const auto model = load_tiny(on_cuda());
  const auto before = model.score("why", texts);
  const std::vector<std::string_view> many(1000000, texts.back());  // more than can be done
  const std::chrono::milliseconds moment(20);                       // some passes
  reranker::RankOptions options;
  options.token_budget = 1;
  options.cancel = reranker::CancelToken();
  std::thread other([&] {
    std::this_thread::sleep_for(moment);
    options.cancel->cancel();
  });
  check_error(ErrorCode::cancelled, "was cancelled", [&] { model.rank("why", many, options); });
  other.join();
  options.cancel.reset();
  options.deadline = std::chrono::steady_clock::now() + moment;
  check_error(ErrorCode::deadline_exceeded, "the deadline passed",
              [&] { model.rank("why", many, options); });
  CHECK(model.score("why", texts) == before);
}

TEST_CASE("progress on CUDA comes to all passages, and what it throws ends the call", "[cuda]") {
  const auto texts = passages();
  const auto model = load_tiny(on_cuda());
  const auto before = model.score("why", texts);
  std::vector<std::size_t> told;
  reranker::RankOptions options;
  options.token_budget = 40;
  options.progress = [&](std::size_t done, std::size_t) { told.push_back(done); };
  const auto usage = model.rank("why", texts, options).usage;
  CHECK(told.size() == usage.batches);
  CHECK(std::is_sorted(told.begin(), told.end()));
  CHECK(told.back() == texts.size());

  told.clear();
  options.progress = [&](std::size_t done, std::size_t) {
    told.push_back(done);
    throw std::out_of_range("enough");
  };
  CHECK_THROWS_AS(model.rank("why", texts, options), std::out_of_range);
  CHECK(told.size() == 1);
  CHECK(model.score("why", texts) == before);
}

TEST_CASE("a call submitted on CUDA comes to what rank returns", "[cuda]") {
  const auto model = load_tiny(on_cuda());
  const auto expected = model.rank("why", passages());
  std::promise<reranker::Ranking> promise;
  model.submit({"why", passages(), {}}, [&](reranker::Ranking ranking, std::exception_ptr) {
    promise.set_value(std::move(ranking));
  });
  const auto ranking = promise.get_future().get();
  REQUIRE(ranking.hits.size() == expected.hits.size());
  for (std::size_t i = 0; i < ranking.hits.size(); ++i)
    CHECK(same_bits(ranking.hits[i].score, expected.hits[i].score));
}

TEST_CASE("no passages need no pass on CUDA", "[cuda]") {
  const auto ranking = load_tiny(on_cuda()).rank("why", std::vector<std::string>{});
  CHECK(ranking.hits.empty());
  CHECK(ranking.usage.batches == 0);
}

TEST_CASE("a call that memory is not there for leaves the model to serve on", "[cuda]") {
  const auto texts = passages();
  const auto short_one = load_tiny(on_cuda()).rank("why", {texts[0]}).usage;
  const auto model = load_tiny(on_cuda(Precision::automatic, 2 * short_one.planned_bytes));
  const auto expected = model.score("why", {texts[0]});
  reranker::ScoreOptions options;
  options.token_budget = 40;
  // The short ones have their passes, the longer ones none.
  check_error(ErrorCode::out_of_memory, " needs more working memory ",
              [&] { model.score("why", texts, options); });
  CHECK(model.score("why", {texts[0]}) == expected);
}

TEST_CASE("a CUDA pass never takes more memory than was planned", "[cuda]") {
  const auto precision = GENERATE(Precision::bf16, Precision::fp32, Precision::fp8);
  const auto texts = passages();
  const auto whole = load_in(precision);
  if (!whole) return;
  const auto all = whole->rank("why", texts).usage;
  CHECK(all.batches == 1);
  CHECK(all.peak_bytes <= all.planned_bytes);
  CHECK(all.peak_bytes > all.planned_bytes / 2);

  const std::size_t limit = all.planned_bytes / 3;
  const auto model = load_tiny(on_cuda(precision, limit));
  const auto cut = model.rank("why", texts).usage;
  CHECK(cut.batches > 1);
  CHECK(cut.planned_bytes <= limit);
  CHECK(cut.peak_bytes <= cut.planned_bytes);

  for (std::size_t i = 0; i < texts.size(); ++i)
    for (int time = 0; time < 3; ++time) {
      const auto usage = model.rank("why", {texts[i]}).usage;
      CHECK(usage.peak_bytes <= usage.planned_bytes);
      CHECK(usage.peak_bytes > 0);
    }
}

TEST_CASE("what CUDA cannot do is an Error that says why", "[cuda]") {
  check_error(ErrorCode::unsupported, "precision is int8",
              [] { load_tiny(on_cuda(Precision::int8)); });
  auto options = on_cuda();
  options.device_index = 99;
  check_error(ErrorCode::device_unavailable, "cuda:99: no such device",
              [&] { load_tiny(options); });
  check_error(ErrorCode::out_of_memory, "memory_limit is 1000",
              [] { load_tiny(on_cuda(Precision::automatic, 1000)); });
}

TEST_CASE("BERT runs on CUDA with heads of 32, but not in fp8", "[cuda]") {
  const std::string folder = std::getenv("RERANKER_TINY_BERT");
  const auto info = Reranker::load(folder, on_cuda()).info();
  CHECK(info.device.find("cuda:0 ") == 0);
  CHECK(info.head_dim == 32);
  CHECK(info.kernels[0] == "attention sm80");
  CHECK(Reranker::load(folder, on_cuda(Precision::fp32)).info().kernels[0] == "attention generic");
  check_error(ErrorCode::unsupported, "precision is fp8",
              [&] { Reranker::load(folder, on_cuda(Precision::fp8)); });
}

TEST_CASE("models on two devices take turns on the Runtime's one thread", "[cuda]") {
  auto options = on_cuda();
  const auto first = load_tiny(options);
  options.device_index = 1;
  std::optional<Reranker> second;
  try {
    second = load_tiny(options);
  } catch (const reranker::Error& error) {
    REQUIRE(error.code() == ErrorCode::device_unavailable);
    WARN("skipped: " << error.what());
    return;
  }
  CHECK(second->info().device.find("cuda:1 ") == 0);
  const auto texts = passages();
  const auto expected = first.score("why", texts);
  CHECK(second->score("why", texts) == expected);
  CHECK(first.score("why", texts) == expected);
  CHECK(second->score("why", texts) == expected);
}

TEST_CASE("automatic takes CUDA where it can, and says why not where it cannot", "[cuda]") {
  auto options = on_cuda();
  options.device = Device::automatic;
  CHECK(load_as_given(options).info().device.find("cuda:0 ") == 0);

  std::string said;
  options.log = [&](reranker::LogLevel, std::string_view message) { said += message; };
  options.precision = Precision::int8;
  CHECK(load_as_given(options).info().device == "cpu");
  CHECK(said.find("on the CPU: precision is int8") != std::string::npos);
}

TEST_CASE("models come and go on CUDA, two at a time", "[cuda]") {
  const auto texts = passages();
  const auto kept = load_tiny(on_cuda());
  const auto expected = kept.score("why", {texts[3]});
  // What the host in place of a device has would not last for so many, if they left some of it.
  const int loads = kept.info().device.find("host") != std::string::npos ? 70 : 10;
  for (int i = 0; i < loads; ++i) CHECK(load_tiny(on_cuda()).score("why", {texts[3]}) == expected);
  CHECK(kept.score("why", {texts[3]}) == expected);
}
