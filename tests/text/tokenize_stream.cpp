// Tokenises what a script sends, for comparing with another implementation.
//
//   tokenize_stream TOKENIZER_JSON [plain]
//
// Reads texts from standard input, each a little-endian uint32 of its bytes and then those, and
// writes for each a uint32 of the number of ids and then the ids as int32. Bytes that are not
// UTF-8 are repaired first.
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

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

void tokenize_all(const text::Tokenizer& tokenizer, SpecialTokens mode) {
  text::Tokenizer::Scratch scratch;
  std::string text;
  std::vector<text::TokenId> ids;
  for (std::uint32_t bytes; read(&bytes, 1);) {
    text.resize(bytes);
    if (!read(text.data(), bytes)) break;
    ids.clear();
    tokenizer.encode(text::RepairedText(text).text(), mode, scratch, ids);
    const auto num_ids = static_cast<std::uint32_t>(ids.size());
    write(&num_ids, 1);
    write(ids.data(), ids.size());
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: tokenize_stream TOKENIZER_JSON [plain]\n", stderr);
    return 2;
  }
  const bool plain = argc > 2 && std::string_view(argv[2]) == "plain";
  try {
    tokenize_all(text::Tokenizer::load(argv[1]),
                 plain ? SpecialTokens::plain : SpecialTokens::match);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tokenize_stream: %s\n", error.what());
    return 1;
  }
}
