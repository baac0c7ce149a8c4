// Tokenises what a script sends, for comparing with another implementation.
//
//   tokenize_stream TOKENIZER_JSON [match|plain]
//   tokenize_stream TOKENIZER_JSON pair WINDOW
//
// Reads texts from standard input, each a little-endian uint32 of its bytes and then those, and
// writes for each a uint32 of the number of ids and then the ids as int32. Bytes that are not
// UTF-8 are repaired first. With `pair` each two texts are read as the tokenizer's pair template
// has them, the second cut to the window, and one more number follows the ids: of those of token
// type 1.
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "text/prompt.hpp"
#include "text/tokenizer.hpp"
#include "text/utf8.hpp"

namespace {

using namespace reranker;

template <typename T>
bool read(T* values, std::size_t n) {
  return std::fread(values, sizeof(T), n, stdin) == n;
}

template <typename T>
void write(const T* values, std::size_t n) {
  std::fwrite(values, sizeof(T), n, stdout);
}

// The next text, repaired; false at the end.
bool read_text(std::string& text) {
  std::uint32_t bytes;
  if (!read(&bytes, 1)) return false;
  text.resize(bytes);
  if (!read(text.data(), bytes)) return false;
  text = std::string(text::RepairedText(text).text());
  return true;
}

void write_ids(const std::vector<text::TokenId>& ids) {
  const auto num_ids = static_cast<std::uint32_t>(ids.size());
  write(&num_ids, 1);
  write(ids.data(), ids.size());
  std::fflush(stdout);
}

void tokenize_all(const text::Tokenizer& tokenizer, SpecialTokens mode) {
  text::Tokenizer::Scratch scratch;
  std::vector<text::TokenId> ids;
  for (std::string text; read_text(text); ids.clear()) {
    tokenizer.encode(text, mode, scratch, ids);
    write_ids(ids);
  }
}

void tokenize_pairs(const text::Tokenizer& tokenizer, std::size_t window) {
  text::Tokenizer::Scratch scratch;
  const text::Frame frame = text::pair_frame(tokenizer);
  for (std::string first, second; read_text(first) && read_text(second);) {
    const text::Prompt prompt(tokenizer, frame, scratch, SpecialTokens::match, first, window);
    auto encoded = prompt.encode(second);
    encoded.ids.push_back(static_cast<text::TokenId>(encoded.num_type_1));
    write_ids(encoded.ids);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc > 2 ? argv[2] : "match";
  if (argc < 2 || (mode == "pair") != (argc == 4)) {
    std::fputs("usage: tokenize_stream TOKENIZER_JSON [match|plain|pair WINDOW]\n", stderr);
    return 2;
  }
  try {
    const auto tokenizer = text::Tokenizer::load(argv[1]);
    if (mode == "pair")
      tokenize_pairs(tokenizer, std::stoul(argv[3]));
    else
      tokenize_all(tokenizer, mode == "plain" ? SpecialTokens::plain : SpecialTokens::match);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tokenize_stream: %s\n", error.what());
    return 1;
  }
}
