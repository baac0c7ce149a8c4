#include "text/bert.hpp"

#include <utility>

#include "text/bert_words.hpp"
#include "text/decode.hpp"

namespace reranker::text {
namespace {

// Buffers larger than this do not outlive the text that needed them.
constexpr std::size_t kKeptBytes = 1 << 20;

void release_if_large(NormalizedText& normalized) {
  const std::size_t bytes = normalized.begins.capacity() * sizeof(normalized.begins[0]);
  if (bytes <= kKeptBytes) return;  // of the larger of its two
  NormalizedText none;
  std::swap(normalized, none);
}

}  // namespace

Bert::Bert(BertNormalizer normalizer, AddedTokens normalized, WordPiece model)
    : normalizer_(std::move(normalizer)),
      normalized_(std::move(normalized)),
      model_(std::move(model)) {}

void Bert::encode(std::string_view piece, std::size_t begin, SpecialTokens mode,
                  EncodeBuffers& buffers, EncodeOutput& out) const {
  if (normalized_.empty()) {
    BertWords words(model_, normalizer_.flags(), begin, buffers.bert, out);
    normalizer_.normalize(piece, words);
    words.finish(piece.size());
  } else {
    encode_with_tokens(piece, begin, mode, buffers.bert, out);
    release_if_large(buffers.bert.normalized);
  }
  if (!out.full()) out.extend_pretoken(begin + piece.size());
}

void Bert::encode_with_tokens(std::string_view piece, std::size_t begin, SpecialTokens mode,
                              BertBuffers& buffers, EncodeOutput& out) const {
  NormalizedText& normalized = buffers.normalized;
  normalized.text.clear();
  normalized.begins.clear();
  normalizer_.normalize(piece, normalized);
  const std::string_view text = normalized.text;
  const auto original = [&](std::size_t at) {
    return at < text.size() ? normalized.begins[at] : piece.size();
  };

  normalized_.for_each_piece(text, mode, [&](std::string_view part, const AddedToken* token) {
    if (out.full()) return false;
    std::size_t at = part.data() - text.data();
    const std::size_t end = at + part.size();
    if (token != nullptr) {
      out.add_token(token->id, begin + original(end));
      return true;
    }
    BertWords words(model_, normalizer_.flags(), begin, buffers, out);
    while (at < end && !words.full()) {
      const Decoded c = decode(text.data() + at);
      words.put(c.code_point, original(at));
      at += c.bytes;
    }
    words.finish(original(end));
    return true;
  });
}

}  // namespace reranker::text
