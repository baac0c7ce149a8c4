#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <random>

#include "api/model.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using reranker::ErrorCode;
using reranker::Overflow;
using reranker::Reranker;

static bool same_bits(float a, float b) {
  return std::memcmp(&a, &b, sizeof a) == 0;
}

static bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

TEST_CASE("score gives a finite float a passage, and none for none", "[score]") {
  const auto model = load_tiny();
  const auto scores = model.score("why", many_passages());
  CHECK(scores.size() == many_passages().size());
  for (const float score : scores) CHECK(std::isfinite(score));
  CHECK(model.score("why", std::vector<std::string>{}).empty());
}

namespace {

void check_near_fp32(reranker::Precision precision, float most) {
  const auto exact = load_tiny();
  const auto rounded = load_tiny(in(precision));
  CHECK(rounded.info().fingerprint != exact.info().fingerprint);
  const auto wanted = exact.score("why", many_passages());
  const auto found = rounded.score("why", many_passages());
  CHECK_FALSE(same_bits(found, wanted));
  for (std::size_t i = 0; i < wanted.size(); ++i) CHECK(std::abs(found[i] - wanted[i]) < most);
}

void check_same_bits(reranker::Precision precision) {
  const auto passages = many_passages();
  const auto together = load_tiny(in(precision, 2)).score("why", passages);
  const auto model = load_tiny(in(precision));
  for (std::size_t i = 0; i < passages.size(); ++i)
    CHECK(same_bits(model.score("why", {passages[i]})[0], together[i]));
}

}  // namespace

TEST_CASE("int8 scores are near fp32's, in less memory, and another fingerprint", "[score]") {
  check_near_fp32(reranker::Precision::int8, 0.2f);
  const auto rounded = load_tiny(in(reranker::Precision::int8)).info();
  CHECK(rounded.precision == "int8");
  CHECK(rounded.weight_bytes < load_tiny().info().weight_bytes);
}

TEST_CASE("int8 scores have the same bits alone, in a batch and on two threads", "[score]") {
  check_same_bits(reranker::Precision::int8);
}

TEST_CASE("bf16 scores are near fp32's, and another fingerprint", "[score]") {
  const Isa isa("generic");  // the only kernels that have bf16 on every machine
  check_near_fp32(reranker::Precision::bf16, 0.1f);
  CHECK(load_tiny(in(reranker::Precision::bf16)).info().precision == "bf16");
}

TEST_CASE("bf16 scores have the same bits alone, in a batch and on two threads", "[score]") {
  const Isa isa("generic");
  check_same_bits(reranker::Precision::bf16);
}

TEST_CASE("bf16 is refused where the kernels have no such arithmetic", "[score]") {
  const Isa isa("avx2");
  check_error(ErrorCode::unsupported, "precision is bf16, which the avx2 kernels",
              [] { load_tiny(in(reranker::Precision::bf16)); });
}

TEST_CASE("a pair has the same bits alone, in any order and under any budget", "[score]") {
  const auto model = load_tiny();
  const auto passages = many_passages();
  std::vector<float> alone;
  for (const auto& passage : passages) alone.push_back(model.score("why", {passage})[0]);

  std::mt19937 random(/*seed=*/1);
  for (int round = 0; round < 10; ++round) {
    std::vector<std::size_t> order(passages.size());
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), random);
    std::vector<std::string> shuffled;
    for (const auto i : order) shuffled.push_back(passages[i]);
    reranker::ScoreOptions options;
    options.token_budget = std::size_t{1} << (random() % 17);

    const auto scores = model.score("why", shuffled, options);
    for (std::size_t i = 0; i < order.size(); ++i) CHECK(same_bits(scores[i], alone[order[i]]));
  }
}

TEST_CASE("scores have the same bits on any number of threads and any instruction set", "[score]") {
  const auto expected = load_tiny(with_threads(1)).score("why", many_passages());
  for (const std::size_t threads : {2, 3, 5})
    CHECK(same_bits(load_tiny(with_threads(threads)).score("why", many_passages()), expected));

  ::setenv("RERANKER_ISA", "generic", 1);
  const auto model = load_tiny();
  ::unsetenv("RERANKER_ISA");
  CHECK(model.info().isa == "generic");
  CHECK(same_bits(model.score("why", many_passages()), expected));
}

TEST_CASE("an instruction set that is not there is refused", "[score]") {
  ::setenv("RERANKER_ISA", "mmx", 1);
  check_error(ErrorCode::unsupported, "RERANKER_ISA is mmx", [] { load_tiny(); });
  ::unsetenv("RERANKER_ISA");
}

TEST_CASE("score_pairs reads each passage with its own query", "[score]") {
  const auto model = load_tiny();
  const auto scores = model.score_pairs({"why", "the bee", "why"}, {"a", "b", "c"});
  CHECK(same_bits(scores[0], model.score("why", {"a"})[0]));
  CHECK(same_bits(scores[1], model.score("the bee", {"b"})[0]));
  CHECK(same_bits(scores[2], model.score("why", {"c"})[0]));
  check_error(ErrorCode::invalid_argument, "2 queries and 1 passages", [&] {
    model.score_pairs({"a", "b"}, {"c"});
  });
}

TEST_CASE("texts come as strings, views, lists and columns", "[score]") {
  const auto model = load_tiny();
  const auto expected = model.score("q", {"bee", "", "the"});
  const std::vector<std::string> strings{"bee", "", "the"};
  const std::vector<std::string_view> views(strings.begin(), strings.end());
  const std::int32_t offsets32[] = {0, 3, 3, 6};
  const std::int64_t offsets64[] = {0, 3, 3, 6};
  CHECK(same_bits(model.score("q", strings), expected));
  CHECK(same_bits(model.score("q", views), expected));
  CHECK(same_bits(model.score("q", reranker::Texts("beethe", offsets32, 3)), expected));
  CHECK(same_bits(model.score("q", reranker::Texts("beethe", offsets64, 3)), expected));
}

TEST_CASE("odd passages score", "[score]") {
  const auto model = load_tiny();
  const std::string zeros("a\0b", 3);
  const std::vector<std::string> odd{
      "", " ", zeros, std::string(200000, 'a'), "\xff\xfe\xf0\x9f", "<|begin_of_text|>"};
  for (const float score : model.score("\xc3", odd)) CHECK(std::isfinite(score));
  CHECK(same_bits(model.score("q", {"a\xff"})[0], model.score("q", {"a\xEF\xBF\xBD"})[0]));
}

TEST_CASE("special tokens in a text are matched or read as plain text", "[score]") {
  const auto model = load_tiny();
  const bool bert = model.info().tokenizer == "bert";
  const std::string special = bert ? "[MASK]" : "<|begin_of_text|>";
  const std::size_t around = model.tokenize("").size();
  CHECK(model.tokenize(special).size() == around + 1);
  CHECK(model.tokenize(special, reranker::SpecialTokens::plain).size() > around + 1);

  reranker::ScoreOptions plain;
  plain.special_tokens = reranker::SpecialTokens::plain;
  CHECK_FALSE(same_bits(model.score("q", {special})[0], model.score("q", {special}, plain)[0]));
}

TEST_CASE("arguments that make no sense are refused by name", "[score]") {
  const auto model = load_tiny();
  reranker::ScoreOptions options;
  options.first_stage = {1.0f};
  check_error(ErrorCode::invalid_argument, "first_stage has 1 scores, 2 wanted", [&] {
    model.score("q", {"a", "b"}, options);
  });
  options.first_stage = {1.0f, std::nanf("")};
  check_error(ErrorCode::invalid_argument, "first_stage[1] is nan", [&] {
    model.score("q", {"a", "b"}, options);
  });
  options = {};
  options.token_budget = 0;
  check_error(ErrorCode::invalid_argument, "token_budget is 0",
              [&] { model.score("q", {"a"}, options); });
  options = {};
  options.max_chunks = 0;  // of no use to a call that cuts
  check_error(ErrorCode::invalid_argument, "max_chunks is 0",
              [&] { model.score("q", {"a"}, options); });
  check_error(ErrorCode::invalid_argument, "threads is 4097", [] { reranker::Runtime({4097}); });

  reranker::LoadOptions load;
  load.max_tokens = 100000;
  check_error(ErrorCode::invalid_argument, "max_tokens is 100000", [&] { load_tiny(load); });
  load.max_tokens = 5;
  check_error(ErrorCode::invalid_argument, "max_tokens is 5, at least", [&] { load_tiny(load); });
  load = {};
  load.device = reranker::Device::cuda;
  load.device_index = 99;  // which no machine has
  check_error(ErrorCode::device_unavailable, "cuda", [&] { load_tiny(load); });
  load = {};
  load.device = reranker::Device::cpu;
  load.precision = reranker::Precision::fp16;
  check_error(ErrorCode::unsupported, "precision is fp16", [&] { load_tiny(load); });
  check_error(ErrorCode::model_not_found, "'nowhere': No such file or directory; a Hugging Face",
              [] { Reranker::load("nowhere"); });
  check_error(ErrorCode::model_not_found, "'/proc/self/status': not a folder; a Hugging Face",
              [] { Reranker::load("/proc/self/status"); });
}

TEST_CASE("a number that no enumerator has is refused", "[score]") {
  const auto model = load_tiny();
  reranker::ScoreOptions options;
  options.overflow = static_cast<reranker::Overflow>(9);
  check_error(ErrorCode::invalid_argument, "overflow is 9, 0 to 3 wanted",
              [&] { model.score("q", {"a"}, options); });
  options = {};
  options.special_tokens = static_cast<reranker::SpecialTokens>(-1);
  check_error(ErrorCode::invalid_argument, "special_tokens is -1, 0 to 1 wanted",
              [&] { model.score("q", {"a"}, options); });
  check_error(ErrorCode::invalid_argument, "special_tokens is -1",
              [&] { model.tokenize("q", "a", options.special_tokens); });
  reranker::LoadOptions load;
  load.device = static_cast<reranker::Device>(3);
  check_error(ErrorCode::invalid_argument, "device is 3, 0 to 2 wanted", [&] { load_tiny(load); });
  load = {};
  load.precision = static_cast<reranker::Precision>(6);
  check_error(ErrorCode::invalid_argument, "precision is 6, 0 to 5 wanted",
              [&] { load_tiny(load); });
}
