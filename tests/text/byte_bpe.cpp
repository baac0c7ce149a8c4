#include "text/byte_bpe.hpp"

#include <random>
#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace reranker::text;

namespace {

using Ids = std::vector<TokenId>;

// The 256 bytes, then merges of two strings each, in the order of their ranks.
ByteBpe make(const std::vector<std::pair<std::string, std::string>>& merges,
             ByteBpe::Options options = {}) {
  Vocabulary vocabulary(256 + merges.size());
  for (int byte = 0; byte < 256; ++byte) vocabulary.set(byte, std::string(1, char(byte)), true);
  TokenId next = 256;
  for (const auto& [left, right] : merges) vocabulary.set(next++, left + right, true);
  MergeTable table(merges.size());
  next = 256;
  for (const auto& [left, right] : merges) {
    table.set(vocabulary.find(left), vocabulary.find(right), {std::uint32_t(next - 256), next});
    ++next;
  }
  return ByteBpe(std::move(vocabulary), std::move(table), options);
}

Ids encode(const ByteBpe& bpe, std::string_view pretoken) {
  BpeBuffers buffers;
  Ids ids;
  bpe.encode(pretoken, buffers, ids);
  return ids;
}

// Doubles of "a" and of "b" up to 64 letters, and pairs of both.
ByteBpe doubling() {
  std::vector<std::pair<std::string, std::string>> merges = {{"a", "b"}, {"ab", "ab"}};
  for (std::size_t n = 1; n <= 32; n *= 2)
    for (const char c : {'a', 'b'}) merges.emplace_back(std::string(n, c), std::string(n, c));
  return make(merges);
}

std::string random_text(std::size_t bytes, std::string_view alphabet) {
  std::mt19937 random(1);
  std::string text(bytes, ' ');
  for (char& c : text) c = alphabet[random() % alphabet.size()];
  return text;
}

std::uint64_t work(const ByteBpe& bpe, std::string_view pretoken) {
  BpeBuffers buffers;
  Ids ids;
  bpe.encode(pretoken, buffers, ids);
  return buffers.queue.steps();
}

}  // namespace

TEST_CASE("bpe merges the pair of least rank first", "[bpe]") {
  const ByteBpe bpe = make({{"b", "c"}, {"a", "b"}});
  CHECK(encode(bpe, "abc") == Ids{'a', 256});
  CHECK(encode(bpe, "abb") == Ids{257, 'b'});
}

TEST_CASE("bpe merges the leftmost of equals first", "[bpe]") {
  const ByteBpe bpe = make({{"a", "a"}});
  CHECK(encode(bpe, "aaa") == Ids{256, 'a'});
  Ids expected(50, 256);
  expected.push_back('a');
  CHECK(encode(bpe, std::string(101, 'a')) == expected);
}

TEST_CASE("bpe takes a merge that comes up late before those of higher rank", "[bpe]") {
  // "xy" is made after nothing else could be, and then merges with "q" before "qz" would.
  const ByteBpe bpe = make({{"xy", "q"}, {"x", "y"}, {"q", "z"}});
  CHECK(encode(bpe, "xyqz") == Ids{256, 'z'});
  CHECK(encode(bpe, "yqz") == Ids{'y', 258});
}

TEST_CASE("bpe gives long pretokens the ids that short ones of the same kind get", "[bpe]") {
  const ByteBpe bpe = doubling();
  for (const std::size_t period : {1, 3, 7, 31}) {
    const std::string piece = random_text(period, "ab") + "-";  // nothing merges across the dash
    const Ids expected = encode(bpe, piece);
    std::string text;
    Ids repeated;
    for (int i = 0; i < 50; ++i) {
      text += piece;
      repeated.insert(repeated.end(), expected.begin(), expected.end());
    }
    CAPTURE(piece);
    CHECK(encode(bpe, text) == repeated);
  }
}

TEST_CASE("bpe takes a whole pretoken that is a token if merges are ignored", "[bpe]") {
  // No merges lead to "abc": its parts come too late.
  const std::vector<std::pair<std::string, std::string>> merges = {
      {"b", "c"}, {"a", "b"}, {"ab", "c"}};
  CHECK(encode(make(merges), "abc") == Ids{'a', 256});
  ByteBpe::Options options;
  options.ignore_merges = true;
  CHECK(encode(make(merges, options), "abc") == Ids{258});
}

TEST_CASE("bpe drops a byte that is no token, or puts the unknown token", "[bpe]") {
  Vocabulary vocabulary(2);
  vocabulary.set(0, "a", true);
  vocabulary.set(1, "?", true);
  const auto with = [&](TokenId unknown) {
    ByteBpe::Options options;
    options.unknown = unknown;
    return ByteBpe(vocabulary, MergeTable(0), options);
  };
  CHECK(encode(with(kNoToken), "abba") == Ids{0, 0});
  CHECK(encode(with(kNoToken), "bb").empty());
  CHECK(encode(with(1), "abba") == Ids{0, 1, 1, 0});
  CHECK(encode(with(kNoToken), std::string(99, 'b')).empty());
}

TEST_CASE("bpe gives the same ids from its cache", "[bpe]") {
  const ByteBpe bpe = doubling();
  BpeBuffers buffers;
  for (const std::string text : {"aab", "abab", "b", "aab", "abab", "b"}) {
    Ids ids;
    bpe.encode(text, buffers, ids);
    CHECK(ids == encode(bpe, text));
  }
}

TEST_CASE("bpe gives back what a very long pretoken needed", "[bpe]") {
  const ByteBpe bpe = doubling();
  BpeBuffers buffers;
  Ids ids;
  bpe.encode(std::string(200000, 'a'), buffers, ids);
  CHECK(buffers.symbols.capacity() == 0);
  bpe.encode(std::string(1000, 'a'), buffers, ids);
  CHECK(buffers.symbols.capacity() >= 1000);
}

TEST_CASE("bpe does work in proportion to a pretoken's length", "[bpe]") {
  const ByteBpe bpe = doubling();
  const auto alphabet = GENERATE("a", "b", "ab", "aab", "abcdefghijklmnopqrstuvwxyz");
  for (const std::size_t bytes : {1'000, 10'000, 1'000'000}) {
    CAPTURE(alphabet, bytes);
    // Each byte is known to the queue once at most, and each merge, of which there are fewer than
    // bytes, adds two more: all of them are pushed and popped.
    CHECK(work(bpe, random_text(bytes, alphabet)) <= 5 * bytes);
  }
}
