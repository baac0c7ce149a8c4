#include "text/prompt.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "encode.hpp"
#include "recorded.hpp"
#include "support/catch.hpp"

using namespace reranker;
using namespace reranker::text;

namespace {

std::string words(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += "be\u0301esta" + std::string(i % 5, 'n') + " ";
  return text;
}

}  // namespace

TEST_CASE("a prompt of a pair has the ids and token types of Hugging Face", "[prompt]") {
  const std::string name = GENERATE("bert", "bert_cased");
  const Tokenizer tokenizer = recorded::tokenizer(name);
  const Frame frame = pair_frame(tokenizer);
  Tokenizer::Scratch scratch;
  const auto pairs = recorded::pairs(name);
  REQUIRE(pairs.size() > 50);
  for (const auto& pair : pairs) {
    CAPTURE(name, pair.first, pair.second);
    const Prompt prompt(tokenizer, frame, scratch, SpecialTokens::match, pair.first,
                        Prompt::kNoWindow);
    const EncodedPrompt encoded = prompt.encode(pair.second);
    CHECK(encoded.ids == pair.ids);
    CHECK(encoded.num_type_1 == pair.type_1);
    CHECK(encoded.complete);
    CHECK(encoded.passage_bytes == pair.second.size());
  }
}

TEST_CASE("a prompt of a question is one text of one token type", "[prompt]") {
  for (const char* name : {"llama3", "gpt2_prefix_space"}) {
    const Tokenizer tokenizer = recorded::tokenizer(name);
    Tokenizer::Scratch scratch;
    const Prompt prompt(tokenizer, question_frame(tokenizer), scratch, SpecialTokens::match, "why",
                        Prompt::kNoWindow);
    Ids expected = tokenizer.prefix();
    const Ids text = encode(tokenizer, "question:why \n \n passage:because");
    expected.insert(expected.end(), text.begin(), text.end());
    expected.insert(expected.end(), tokenizer.suffix().begin(), tokenizer.suffix().end());
    CHECK(prompt.encode("because").ids == expected);
    CHECK(prompt.encode("because").num_type_1 == 0);
  }
}

TEST_CASE("a prompt counts no byte for a space that the tokenizer puts in", "[prompt]") {
  const Tokenizer tokenizer = recorded::tokenizer("gpt2_prefix_space");
  Tokenizer::Scratch scratch;
  const Prompt whole(tokenizer, question_frame(tokenizer), scratch, SpecialTokens::match, "why",
                     Prompt::kNoWindow);
  const std::string passage(200, '!');
  const std::size_t least = 2 * whole.encode("").ids.size();
  for (std::size_t window = least; window < least + 20; ++window) {
    const Prompt prompt(tokenizer, question_frame(tokenizer), scratch, SpecialTokens::match, "why",
                        window);
    const EncodedPrompt cut = prompt.encode(passage);
    REQUIRE_FALSE(cut.complete);
    CHECK(whole.encode(passage.substr(0, cut.passage_bytes)).ids == cut.ids);
  }
}

TEST_CASE("a prompt of a pair cuts the passage and keeps what is around it", "[prompt]") {
  const Tokenizer tokenizer = recorded::tokenizer("bert");
  const Frame frame = pair_frame(tokenizer);
  Tokenizer::Scratch scratch;
  const std::string passage = words(60);
  const Prompt whole(tokenizer, frame, scratch, SpecialTokens::match, "why", Prompt::kNoWindow);
  const Ids all = whole.encode(passage).ids;
  const TokenId sep = tokenizer.suffix().at(0);
  for (std::size_t window = 16; window < 120; ++window) {
    const Prompt prompt(tokenizer, frame, scratch, SpecialTokens::match, "why", window);
    const EncodedPrompt cut = prompt.encode(passage);
    CAPTURE(window);
    CHECK_FALSE(cut.complete);
    REQUIRE(cut.ids.size() == window);
    CHECK(cut.ids.back() == sep);
    CHECK(std::equal(cut.ids.begin(), cut.ids.end() - 1, all.begin()));
    CHECK(cut.num_type_1 == prompt.passage_room() + 1);
    // What is said to be read is what the ids hold.
    CHECK(whole.encode(passage.substr(0, cut.passage_bytes)).ids == cut.ids);
  }
}

TEST_CASE("a prompt of a pair leaves a query three quarters of the window", "[prompt]") {
  const Tokenizer tokenizer = recorded::tokenizer("bert");
  const Frame frame = pair_frame(tokenizer);
  Tokenizer::Scratch scratch;
  for (const std::size_t window : {16, 33, 128}) {
    const Prompt prompt(tokenizer, frame, scratch, SpecialTokens::match, words(200), window);
    CHECK(prompt.query_truncated());
    const EncodedPrompt encoded = prompt.encode(words(200));
    CHECK(encoded.ids.size() == window);
    CHECK(window - encoded.num_type_1 == window * 3 / 4);
    // [CLS], then the query's first tokens, then [SEP].
    const Ids query = encode(tokenizer, words(200));
    const std::size_t kept = window * 3 / 4 - 2;
    CHECK(std::equal(query.begin(), query.begin() + kept, encoded.ids.begin() + 1));
    CHECK(encoded.ids[kept + 1] == tokenizer.suffix().at(0));
  }
}

TEST_CASE("a question's prompt gives a long query all of three quarters of the window",
          "[prompt]") {
  const Tokenizer tokenizer = recorded::tokenizer("llama3");
  std::string query;
  for (int i = 0; i < 200; ++i) query += "bee ";
  Tokenizer::Scratch scratch;
  for (const std::size_t window : {24, 64, 128}) {
    CAPTURE(window);
    const Prompt prompt(tokenizer, question_frame(tokenizer), scratch, SpecialTokens::match, query,
                        window);
    CHECK(prompt.query_truncated());
    CHECK(prompt.head_tokens() == window * 3 / 4);
  }
}

TEST_CASE("a prompt leaves a passage a token where much stands behind it", "[prompt]") {
  const Tokenizer tokenizer = recorded::tokenizer("bert");
  Frame frame = pair_frame(tokenizer);
  frame.ids.end.resize(4, frame.ids.end.at(0));
  Tokenizer::Scratch scratch;
  for (std::size_t window = 12; window < 20; ++window) {
    CAPTURE(window);
    const Prompt prompt(tokenizer, frame, scratch, SpecialTokens::match, words(200), window);
    CHECK(prompt.passage_room() >= 1);
    CHECK(prompt.encode("").complete);
    CHECK(prompt.encode("bee").ids.size() <= window);
    CHECK(prompt.encode(words(200)).ids.size() == window);
    CHECK(prompt.encode(words(200)).ids[prompt.head_tokens() - 1] == frame.ids.middle.at(0));
  }
}

TEST_CASE("a frame of pairs is the tokenizer's pair template", "[prompt]") {
  const Tokenizer bert = recorded::tokenizer("bert");
  const Frame pair = pair_frame(bert);
  CHECK(pair.ids.begin == encode(bert, "[CLS]"));
  CHECK(pair.ids.middle == encode(bert, "[SEP]"));
  CHECK(pair.ids.end == encode(bert, "[SEP]"));
  CHECK(pair.ids.typed);
  CHECK_FALSE(question_frame(bert).ids.typed);
  CHECK_FALSE(pair_frame(recorded::tokenizer("llama3")).ids.typed);
}

TEST_CASE("a prompt's query tokens are those of its text, rising and each once", "[prompt]") {
  const Tokenizer tokenizer = recorded::tokenizer("bert");
  Tokenizer::Scratch scratch;
  const Prompt prompt(tokenizer, pair_frame(tokenizer), scratch, SpecialTokens::match,
                      "the bees, the bees", Prompt::kNoWindow);
  Ids expected = encode(tokenizer, "the bees, the bees");
  std::sort(expected.begin(), expected.end());
  expected.erase(std::unique(expected.begin(), expected.end()), expected.end());
  CHECK(prompt.query_tokens() == expected);
}

TEST_CASE("a prompt's query tokens are words as they begin a text and as they follow a space",
          "[prompt]") {
  const Tokenizer tokenizer = recorded::tokenizer("llama3");
  Tokenizer::Scratch scratch;
  const Prompt prompt(tokenizer, question_frame(tokenizer), scratch, SpecialTokens::match, "why",
                      Prompt::kNoWindow);
  const auto tokens = prompt.query_tokens();
  for (const char* text : {"why", " why"})
    for (const TokenId id : encode(tokenizer, text))
      CHECK(std::find(tokens.begin(), tokens.end(), id) != tokens.end());
}

TEST_CASE("a prompt's query tokens are not special, nor the unknown token", "[prompt]") {
  const Tokenizer tokenizer = recorded::tokenizer("bert");
  Tokenizer::Scratch scratch;
  const std::string query = "the [SEP] \u0dc6";  // no letter of the vocabulary
  const Ids read = encode(tokenizer, query);
  REQUIRE(read.size() == 3);
  const Prompt prompt(tokenizer, pair_frame(tokenizer), scratch, SpecialTokens::match, query,
                      Prompt::kNoWindow);
  const auto tokens = prompt.query_tokens();
  CHECK(std::find(tokens.begin(), tokens.end(), read[0]) != tokens.end());
  CHECK(std::find(tokens.begin(), tokens.end(), read[1]) == tokens.end());
  CHECK(std::find(tokens.begin(), tokens.end(), read[2]) == tokens.end());
  CHECK(read[2] == tokenizer.unknown());
  CHECK(recorded::tokenizer("llama3").unknown() == -1);
}

TEST_CASE("a prompt's head is what stands before the passage", "[prompt]") {
  const Tokenizer tokenizer = recorded::tokenizer("bert");
  Tokenizer::Scratch scratch;
  const Prompt prompt(tokenizer, pair_frame(tokenizer), scratch, SpecialTokens::match, "why",
                      Prompt::kNoWindow);
  const Ids passage = encode(tokenizer, "the bees");
  const Ids all = prompt.encode("the bees").ids;
  REQUIRE(all.size() == prompt.head_tokens() + passage.size() + 1);
  CHECK(std::equal(passage.begin(), passage.end(), all.begin() + prompt.head_tokens()));
}
