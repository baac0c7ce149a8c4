#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "batch/fit.hpp"
#include "support/catch.hpp"

using reranker::Overflow;
using reranker::SpecialTokens;
using reranker::Status;
using reranker::batch::bytes_covered;
using reranker::batch::Chunking;
using reranker::batch::ChunkWindow;
using reranker::batch::Fitted;
using reranker::batch::Sequence;
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

// The same chunks of every passage, however long.
static Chunking all_in(const Prompt& prompt, std::size_t most) {
  return {{prompt, most}, std::string::npos, {prompt, most}};
}

// Chunks in the window of whole passages.
static Fitted fit(const Prompt& prompt, std::string_view passage, std::size_t index,
                  Overflow overflow, std::size_t max_chunks) {
  return reranker::batch::fit(prompt, all_in(prompt, max_chunks), passage, index, overflow);
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
  CHECK(bytes_covered(fitted.sequences) == 7);
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
  CHECK(whole.encode(passage.substr(0, bytes_covered(fitted.sequences))).ids == ids);
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
  std::size_t end_before = 1;
  for (const auto& chunk : fitted.sequences) {
    CHECK(chunk.ids.size() <= window);
    CHECK(chunk.begin < end_before);
    CHECK(chunk.end > end_before);
    CHECK(chunk.ids == prompt.encode(passage.substr(chunk.begin, chunk.end - chunk.begin)).ids);
    end_before = chunk.end;
  }
  CHECK(bytes_covered(fitted.sequences) == end_before);
  if (fitted.sequences.size() < 32) CHECK(end_before == passage.size());
}

TEST_CASE("a chunk begins where a quarter of the one before is left", "[fit]") {
  Tokenizer::Scratch scratch;
  const std::size_t window = GENERATE(111, 257);
  const std::string passage = words(220);
  const Prompt prompt(tokenizer(), question_frame(tokenizer()), scratch, SpecialTokens::match,
                      "why", window);
  const auto tokens = [&](std::size_t begin, std::size_t end) {
    return prompt.encode(passage.substr(begin, end - begin)).ids.size() -
           prompt.encode("").ids.size();
  };
  constexpr std::size_t longest_word = 8;  // tokens, at whose end it begins
  const auto chunks = fit(prompt, passage, 0, Overflow::chunk, 32).sequences;
  REQUIRE(chunks.size() > 2);
  for (std::size_t i = 1; i < chunks.size(); ++i) {
    const auto& before = chunks[i - 1];
    const std::size_t quarter = tokens(before.begin, before.end) / 4;
    const std::size_t shared = tokens(chunks[i].begin, before.end);
    CHECK(shared <= quarter + 1);
    CHECK(shared + longest_word >= quarter);
  }
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

TEST_CASE("at most so many chunks are read of one passage, the first where none is likelier",
          "[fit]") {
  Tokenizer::Scratch scratch;
  const std::string passage(200000, 'a');
  const Prompt prompt(tokenizer(), question_frame(tokenizer()), scratch, SpecialTokens::match,
                      "why", 64);
  const auto fitted = fit(prompt, passage, 0, Overflow::chunk, 32);
  CHECK(fitted.sequences.size() == 32);
  CHECK(bytes_covered(fitted.sequences) < passage.size());

  const auto fewer = fit(prompt, passage, 0, Overflow::chunk, 3);
  REQUIRE(fewer.sequences.size() == 3);
  CHECK(fewer.sequences[2].ids == fitted.sequences[2].ids);
  CHECK(bytes_covered(fewer.sequences) == fitted.sequences[2].end);
}

// What `fit` reads of a passage that names a word of the query in its middle and at its end.
static void check_likeliest(const Prompt& prompt, const std::string& rare) {
  const std::string passage = words(200) + rare + " " + words(200) + rare;
  const auto all = fit(prompt, passage, 0, Overflow::chunk, 1000).sequences;
  const auto holds = [&](const Sequence& chunk) {
    return passage.substr(chunk.begin, chunk.end - chunk.begin).find(rare) != std::string::npos;
  };
  const auto named = static_cast<std::size_t>(std::count_if(all.begin(), all.end(), holds));
  REQUIRE(named >= 2);
  REQUIRE(all.size() > named + 4);

  const auto likeliest = fit(prompt, passage, 0, Overflow::chunk, 1 + named);
  CHECK(likeliest.status == Status::chunked);
  REQUIRE(likeliest.sequences.size() == 1 + named);
  CHECK(likeliest.sequences[0].begin == 0);
  std::size_t next = 0;
  for (const auto& chunk : likeliest.sequences) {
    CHECK((holds(chunk) || chunk.begin == 0));
    while (next < all.size() && all[next].begin != chunk.begin) ++next;
    REQUIRE(next < all.size());
    CHECK(chunk.ids == all[next].ids);
    CHECK(chunk.end == all[next].end);
    CHECK(chunk.num_type_1 == all[next].num_type_1);
  }

  const auto one = fit(prompt, passage, 0, Overflow::chunk, 1).sequences;
  REQUIRE(one.size() == 1);
  CHECK(holds(one[0]));

  const auto whole = fit(prompt, passage, 0, Overflow::chunk, all.size()).sequences;
  REQUIRE(whole.size() == all.size());
  for (std::size_t i = 0; i < all.size(); ++i) CHECK(whole[i].ids == all[i].ids);
}

TEST_CASE("of more chunks than are wanted those that share most with the query are read", "[fit]") {
  Tokenizer::Scratch scratch;
  const Prompt prompt(tokenizer(), question_frame(tokenizer()), scratch, SpecialTokens::match,
                      "why zzz", 64);
  check_likeliest(prompt, "zzz");
}

TEST_CASE("of more chunks of a pair than are wanted those that share most are read", "[fit]") {
  Tokenizer::Scratch scratch;
  check_likeliest(pair_prompt(scratch, 64), "why");
}

TEST_CASE("chunks have a window of their own, whole passages the larger one", "[fit]") {
  Tokenizer::Scratch scratch;
  const Prompt prompt = pair_prompt(scratch, 111);
  const Prompt chunk_prompt = pair_prompt(scratch, 33);
  const auto both = [&](const std::string& passage, Overflow overflow) {
    return reranker::batch::fit(prompt, all_in(chunk_prompt, 1000), passage, 0, overflow);
  };
  const auto chunked = both(words(100), Overflow::chunk);
  CHECK(chunked.status == Status::chunked);
  const auto alone = fit(chunk_prompt, words(100), 0, Overflow::chunk, 1000);
  REQUIRE(chunked.sequences.size() == alone.sequences.size());
  for (std::size_t i = 0; i < alone.sequences.size(); ++i)
    CHECK(chunked.sequences[i].ids == alone.sequences[i].ids);

  const std::string fits = "bees bees bees bees bees bees bees bees bees bees bees bees bees bees";
  REQUIRE_FALSE(chunk_prompt.encode(fits + fits).complete);
  CHECK(both(fits + fits, Overflow::chunk).status == Status::ok);
  CHECK(both(words(100), Overflow::truncate).sequences[0].ids.size() == 111);
}

TEST_CASE("fit says of the prompt that it read whether its query was cut", "[fit]") {
  Tokenizer::Scratch scratch;
  const std::string query = "bees bees bees bees bees bees bees bees bees bees bees bees bees bees";
  const auto prompt = [&](std::size_t window) {
    return Prompt(bert(), pair_frame(bert()), scratch, SpecialTokens::match, query, window);
  };
  const Prompt whole = prompt(64), chunk = prompt(16);
  REQUIRE_FALSE(whole.query_truncated());
  REQUIRE(chunk.query_truncated());
  const auto cut = [&](const std::string& passage) {
    return reranker::batch::fit(whole, all_in(chunk, 4), passage, 0, Overflow::chunk)
        .query_truncated;
  };
  CHECK_FALSE(cut("bees"));
  CHECK(cut(words(100)));
}

TEST_CASE("fit asks before each window whether to go on", "[fit]") {
  Tokenizer::Scratch scratch;
  const Prompt prompt = pair_prompt(scratch, 24);
  int windows = 0;
  Chunking chunking = all_in(prompt, 1000);
  chunking.before_window = [&] {
    if (++windows == 3) throw std::runtime_error("enough");
  };
  const auto read = [&] {
    return reranker::batch::fit(prompt, chunking, words(1000), 0, Overflow::chunk);
  };
  CHECK_THROWS_AS(read(), std::runtime_error);
  CHECK(windows == 3);
}

TEST_CASE("passages of more than so many tokens have chunks of their own", "[fit]") {
  Tokenizer::Scratch scratch;
  const Prompt whole = pair_prompt(scratch, 64);
  const Prompt chunk = pair_prompt(scratch, 48), of_articles = pair_prompt(scratch, 24);
  const std::string passage = words(100);
  const std::size_t tokens = whole.ends(passage).tokens.size();
  const auto read = [&](std::size_t article_tokens) {
    const Chunking chunking{ChunkWindow{chunk, 2}, article_tokens, ChunkWindow{of_articles, 5}};
    return reranker::batch::fit(whole, chunking, passage, 0, Overflow::chunk).sequences;
  };
  const auto same = [](const std::vector<Sequence>& a, const std::vector<Sequence>& b) {
    REQUIRE(a.size() == b.size());
    for (std::size_t i = 0; i < a.size(); ++i) CHECK(a[i].ids == b[i].ids);
  };
  same(read(tokens), fit(chunk, passage, 0, Overflow::chunk, 2).sequences);
  same(read(tokens - 1), fit(of_articles, passage, 0, Overflow::chunk, 5).sequences);
  CHECK(read(1).size() == 5);
}

TEST_CASE("bytes that several chunks cover are counted once, those between chunks not", "[fit]") {
  const auto chunk = [](std::size_t begin, std::size_t end) {
    return Sequence{{}, 0, begin, end, 0};
  };
  CHECK(bytes_covered({}) == 0);
  CHECK(bytes_covered({chunk(0, 10)}) == 10);
  CHECK(bytes_covered({chunk(0, 10), chunk(7, 19)}) == 19);
  CHECK(bytes_covered({chunk(3, 10), chunk(7, 19), chunk(30, 31)}) == 17);
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
