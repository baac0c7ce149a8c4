// How fast the tokenizer is, on one thread, with a warm scratch, in processor time.
//
//   tokenizer_bench TOKENIZER_JSON [TEXT_FILE...]
//
// Prints the time of loading; for each text file MB/s, encoded line by line; and for texts made to
// hurt the time a byte at 10 kB and at 1 MB, which should be about the same.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <exception>
#include <fstream>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "text/tokenizer.hpp"
#include "text/utf8.hpp"

namespace {

using namespace reranker;
using text::Tokenizer;

// Processor time, so that a shared machine measures the same.
double seconds(const std::function<void()>& work) {
  const std::clock_t begin = std::clock();
  work();
  return double(std::clock() - begin) / CLOCKS_PER_SEC;
}

// The best of some runs: what else the machine does only ever adds time.
double best_seconds(int runs, const std::function<void()>& work) {
  double best = seconds(work);
  while (--runs > 0) best = std::min(best, seconds(work));
  return best;
}

class Bench {
 public:
  explicit Bench(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}

  std::size_t encode(std::string_view text) {
    ids_.clear();
    tokenizer_.encode(text, SpecialTokens::match, scratch_, ids_);
    return ids_.size();
  }

  double seconds_a_byte(const std::string& text, int runs) {
    return best_seconds(runs, [&] { encode(text); }) / static_cast<double>(text.size());
  }

 private:
  const Tokenizer& tokenizer_;
  Tokenizer::Scratch scratch_;
  std::vector<text::TokenId> ids_;
};

void measure_file(Bench& bench, const char* path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  std::size_t bytes = 0, tokens = 0;
  for (std::string line; std::getline(file, line); bytes += line.size())
    lines.emplace_back(text::RepairedText(line).text());
  const double time = best_seconds(5, [&] {
    tokens = 0;
    for (const std::string& line : lines) tokens += bench.encode(line);
  });
  std::printf("%-28s %7.1f MB/s  %5.2f bytes a token  %.1f MB\n", path, bytes / time / 1e6,
              double(bytes) / double(tokens), bytes / 1e6);
}

std::string repeat(std::string_view piece, std::size_t bytes) {
  std::string text;
  while (text.size() + piece.size() <= bytes) text += piece;
  return text;
}

std::string random_letters(std::size_t bytes, std::string_view alphabet) {
  std::mt19937 random(1);
  std::string text(bytes, ' ');
  for (char& c : text) c = alphabet[random() % alphabet.size()];
  return text;
}

void measure_growth(Bench& bench, const char* kind,
                    const std::function<std::string(std::size_t bytes)>& make) {
  const double small = bench.seconds_a_byte(make(10'000), 50);
  const double large = bench.seconds_a_byte(make(1'000'000), 5);
  std::printf("%-28s %6.1f ns a byte at 10 kB  %6.1f at 1 MB  ratio %.2f\n", kind, small * 1e9,
              large * 1e9, large / small);
}

void measure_all_growth(Bench& bench) {
  const auto repeated = [](std::string_view piece) {
    return [piece](std::size_t bytes) { return repeat(piece, bytes); };
  };
  const auto random = [](std::string_view alphabet) {
    return [alphabet](std::size_t bytes) { return random_letters(bytes, alphabet); };
  };
  measure_growth(bench, "one letter", repeated("a"));
  measure_growth(bench, "spaces", repeated(" "));
  measure_growth(bench, "newlines", repeated("\n"));
  measure_growth(bench, "spaces and newlines", repeated(" \n"));
  measure_growth(bench, "dashes", repeated("-"));
  measure_growth(bench, "a newline, then spaces",
                 [](std::size_t bytes) { return "\n" + std::string(bytes - 1, ' ') + "x"; });
  measure_growth(bench, "one Chinese character", repeated("\xE6\x88\x91"));
  measure_growth(bench, "random letters", random("abcdefghijklmnopqrstuvwxyz"));
  measure_growth(bench, "random words of 99 letters", [&](std::size_t bytes) {
    std::string text = random("abcdefghijklmnopqrstuvwxyz")(bytes);
    for (std::size_t i = 99; i < bytes; i += 100) text[i] = ' ';
    return text;
  });
  measure_growth(bench, "two random letters", random("ab"));
  measure_growth(bench, "random marks", random("!#$%&()*+,-./:;<=>?@[]^_{|}~"));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: tokenizer_bench TOKENIZER_JSON [TEXT_FILE...]\n", stderr);
    return 2;
  }
  try {
    const double load = best_seconds(3, [&] { Tokenizer::load(argv[1]); });
    std::printf("load %.3f s\n", load);
    const Tokenizer tokenizer = Tokenizer::load(argv[1]);
    Bench bench(tokenizer);
    for (int i = 2; i < argc; ++i) measure_file(bench, argv[i]);
    measure_all_growth(bench);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tokenizer_bench: %s\n", error.what());
    return 1;
  }
}
