#include <cstdlib>
#include <string>

#include "batch/fit.hpp"
#include "support/catch.hpp"

using reranker::Overflow;
using reranker::SpecialTokens;
using reranker::Status;
using reranker::batch::fit;
using reranker::text::pair_frame;
using reranker::text::Prompt;
using reranker::text::Tokenizer;

static const Tokenizer& tokenizer() {
  static const Tokenizer loaded =
      Tokenizer::load(std::string(std::getenv("RERANKER_TINY_MODEL")) + "/tokenizer.json");
  return loaded;
}

// A pair in the small BERT tokenizer.
static const Tokenizer& bert() {
  static const Tokenizer loaded = Tokenizer::load(std::string(TEXT_TEST_DATA) + "/bert.json");
  return loaded;
}

static Prompt pair_prompt(Tokenizer::Scratch& scratch, std::size_t window) {
  return Prompt(bert(), pair_frame(bert()), scratch, SpecialTokens::match, "why bees", window);
}

static std::string words(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += "bee" + std::to_string(i) + " ";
  return text;
}

TEST_CASE("fit reads a passage that fits whole", "[fit]") {
  Tokenizer::Scratch scratch;
  const Prompt prompt(tokenizer(), question_frame(tokenizer()), scratch, SpecialTokens::match,
                      "why", 512);
  const auto fitted = fit(prompt, "because", 3, Overflow::truncate, 32);
  CHECK(fitted.status == Status::ok);
  CHECK(fitted.bytes_read == 7);
  REQUIRE(fitted.sequences.size() == 1);
  CHECK(fitted.sequences[0].passage == 3);
  CHECK(fitted.sequences[0].ids == prompt.encode("because").ids);
}

TEST_CASE("fit cuts a passage's tail and says how far it read", "[fit]") {
  Tokenizer::Scratch scratch;
  const std::string passage = words(200);
  const Prompt whole(tokenizer(), question_frame(tokenizer()), scratch, SpecialTokens::match, "why",
                     Prompt::kNoWindow);
  const auto all = whole.encode(passage).ids;
  const Prompt prompt(tokenizer(), question_frame(tokenizer()), scratch, SpecialTokens::match,
                      "why", 128);

  const auto fitted = fit(prompt, passage, 0, Overflow::truncate, 32);
  CHECK(fitted.status == Status::truncated);
  REQUIRE(fitted.sequences.size() == 1);
  const auto& ids = fitted.sequences[0].ids;
  CHECK(ids.size() == 128);
  CHECK(std::equal(ids.begin(), ids.end(), all.begin()));
  CHECK(whole.encode(passage.substr(0, fitted.bytes_read)).ids == ids);
}

TEST_CASE("fit refuses a passage that does not fit where it is asked to", "[fit]") {
  Tokenizer::Scratch scratch;
  const Prompt prompt(tokenizer(), question_frame(tokenizer()), scratch, SpecialTokens::match,
                      "why", 64);
  const auto fitted = fit(prompt, words(200), 0, Overflow::fail, 32);
  CHECK(fitted.status == Status::too_long);
  CHECK(fitted.sequences.empty());
  CHECK(fit(prompt, "short", 0, Overflow::fail, 32).status == Status::ok);
}

TEST_CASE("chunks cover a passage in windows that overlap and fit", "[fit]") {
  Tokenizer::Scratch scratch;
  const std::size_t window = GENERATE(64, 111, 257);
  const std::string passage = words(220);
  const Prompt prompt(tokenizer(), question_frame(tokenizer()), scratch, SpecialTokens::match,
                      "why", window);

  const auto fitted = fit(prompt, passage, 0, Overflow::chunk, 32);
  CHECK(fitted.status == Status::chunked);
  REQUIRE(fitted.sequences.size() > 1);
  CHECK(fitted.sequences.front().begin == 0);
  std::size_t end_before = 0;
  for (const auto& chunk : fitted.sequences) {
    CHECK(chunk.ids.size() <= window);
    CHECK(chunk.begin <= end_before);
    CHECK(chunk.end > end_before);
    CHECK(chunk.ids == prompt.encode(passage.substr(chunk.begin, chunk.end - chunk.begin)).ids);
    end_before = chunk.end;
  }
  CHECK(fitted.bytes_read == end_before);
  if (fitted.sequences.size() < 32) CHECK(end_before == passage.size());
}

TEST_CASE("a single endless word is chunked at characters", "[fit]") {
  Tokenizer::Scratch scratch;
  std::string passage;
  for (int i = 0; i < 700; ++i) passage += "\xC3\xA4";  // ä, two bytes
  const Prompt prompt(tokenizer(), question_frame(tokenizer()), scratch, SpecialTokens::match,
                      "why", 101);
  const auto fitted = fit(prompt, passage, 0, Overflow::chunk, 32);
  REQUIRE(fitted.sequences.size() > 1);
  for (const auto& chunk : fitted.sequences) {
    CHECK(chunk.ids.size() <= 101);
    CHECK(chunk.begin % 2 == 0);
    CHECK(chunk.end % 2 == 0);
  }
}

TEST_CASE("at most so many chunks are read of one passage, the first ones", "[fit]") {
  Tokenizer::Scratch scratch;
  const std::string passage(200000, 'a');
  const Prompt prompt(tokenizer(), question_frame(tokenizer()), scratch, SpecialTokens::match,
                      "why", 64);
  const auto fitted = fit(prompt, passage, 0, Overflow::chunk, 32);
  CHECK(fitted.sequences.size() == 32);
  CHECK(fitted.bytes_read < passage.size());

  const auto fewer = fit(prompt, passage, 0, Overflow::chunk, 3);
  REQUIRE(fewer.sequences.size() == 3);
  CHECK(fewer.sequences[2].ids == fitted.sequences[2].ids);
  CHECK(fewer.bytes_read == fitted.sequences[2].end);
}

TEST_CASE("a query keeps at most three quarters of the window", "[fit]") {
  Tokenizer::Scratch scratch;
  const std::size_t window = GENERATE(64, 111, 512);
  const Prompt prompt(tokenizer(), question_frame(tokenizer()), scratch, SpecialTokens::match,
                      words(500), window);
  CHECK(prompt.query_truncated());
  CHECK(prompt.passage_room() >= window / 4);
  CHECK(prompt.passage_room() < window / 4 + 16);
  CHECK(fit(prompt, "short", 0, Overflow::truncate, 32).status == Status::ok);

  const Prompt fits(tokenizer(), question_frame(tokenizer()), scratch, SpecialTokens::match,
                    "short", window);
  CHECK_FALSE(fits.query_truncated());
}

TEST_CASE("chunks of a pair cover a passage and carry token types", "[fit]") {
  Tokenizer::Scratch scratch;
  const std::size_t window = GENERATE(19, 64, 111);
  const Prompt prompt = pair_prompt(scratch, window);
  std::string passage;
  for (int i = 0; i < 300; ++i) passage += i % 7 == 0 ? "te\u0301xt, \u4f60\u597d " : "the bees ";
  const auto fitted = fit(prompt, passage, 0, Overflow::chunk, 32);
  REQUIRE(fitted.sequences.size() > 1);
  std::size_t end_before = 0;
  for (const auto& chunk : fitted.sequences) {
    CHECK(chunk.ids.size() <= window);
    CHECK(chunk.begin <= end_before);
    CHECK(chunk.end > end_before);
    const auto encoded = prompt.encode(passage.substr(chunk.begin, chunk.end - chunk.begin));
    CHECK(chunk.ids == encoded.ids);
    CHECK(chunk.num_type_1 == encoded.num_type_1);
    CHECK(chunk.ids.size() - chunk.num_type_1 == prompt.encode("").ids.size() - 1);
    end_before = chunk.end;
  }
  if (fitted.sequences.size() < 32) CHECK(end_before == passage.size());
}

TEST_CASE("a single endless word of a pair is chunked at characters", "[fit]") {
  Tokenizer::Scratch scratch;
  const Prompt prompt = pair_prompt(scratch, 19);
  std::string passage;
  for (int i = 0; i < 50; ++i) passage += "t\u00e9";  // more than 100 characters are no word
  const auto fitted = fit(prompt, passage, 0, Overflow::chunk, 32);
  REQUIRE(fitted.sequences.size() > 1);
  for (const auto& chunk : fitted.sequences) {
    CHECK(chunk.ids.size() <= 19);
    CHECK((passage[chunk.begin] & 0xC0) != 0x80);
    CHECK((passage[chunk.end] & 0xC0) != 0x80);
  }
  CHECK(fitted.sequences.back().end == passage.size());
}
