#include "text/byte_level.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <reranker/error.hpp>

namespace reranker::text {
namespace {

// A copy larger than this does not outlive the text that needed it.
constexpr std::size_t kKeptBytes = 1 << 20;

void check_length(std::size_t bytes) {
  if (bytes > ByteBpe::kMaxPretokenBytes)
    throw Error(ErrorCode::invalid_argument, "text holds a word of " + std::to_string(bytes) +
                                                 " bytes, wanted at most " +
                                                 std::to_string(ByteBpe::kMaxPretokenBytes));
}

}  // namespace

ByteLevel::ByteLevel(const PretokenizerSettings& settings, AddedTokens normalized, ByteBpe bpe)
    : kind_(settings.kind),
      pretokenizer_(settings.pattern, settings.classes),
      add_prefix_space_(settings.add_prefix_space),
      normalized_(std::move(normalized)),
      bpe_(std::move(bpe)) {}

// Each regex that we know ends a pretoken between a letter and a colon.
bool ByteLevel::splits_before_colon() const {
  return !add_prefix_space_ && !normalized_.may_straddle_colon();
}

void ByteLevel::encode(std::string_view piece, std::size_t begin, SpecialTokens mode,
                       EncodeBuffers& buffers, EncodeOutput& out) const {
  normalized_.for_each_piece(piece, mode, [&](std::string_view part, const AddedToken* token) {
    if (out.full()) return false;
    const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(begin) + (part.data() - piece.data());
    if (token != nullptr) {
      out.add_token(token->id, static_cast<std::size_t>(at) + part.size());
    } else if (add_prefix_space_ && part[0] != ' ') {
      buffers.prefixed.assign(1, ' ').append(part);
      encode_text(buffers.prefixed, at - 1, buffers.bpe, out);
      if (buffers.prefixed.capacity() > kKeptBytes) std::string().swap(buffers.prefixed);
    } else {
      encode_text(part, at, buffers.bpe, out);
    }
    return true;
  });
}

// `begin_byte` is where `text` starts in what was given to Tokenizer::encode: one byte before the
// piece if a space was put in front of it.
void ByteLevel::encode_text(std::string_view text, std::ptrdiff_t begin_byte, BpeBuffers& buffers,
                            EncodeOutput& out) const {
  for (std::size_t at = 0; at < text.size() && !out.full();) {
    const char* begin = text.data() + at;
    const auto bytes = static_cast<std::size_t>(pretokenizer_.first_end(text.substr(at)) - begin);
    check_length(bytes);
    const std::size_t first_id = out.ids().size();
    bpe_.encode({begin, bytes}, buffers, out.ids());
    at += bytes;
    const std::ptrdiff_t end_byte = begin_byte + static_cast<std::ptrdiff_t>(at);
    if (out.wants_token_ends())
      end_tokens(first_id, end_byte - static_cast<std::ptrdiff_t>(bytes), end_byte, out);
    out.end_pretoken(static_cast<std::size_t>(end_byte));
  }
}

// Bytes that are no token, and are dropped, count as if they stood at the end of the pretoken.
void ByteLevel::end_tokens(std::size_t first_id, std::ptrdiff_t begin_byte, std::ptrdiff_t end_byte,
                           EncodeOutput& out) const {
  const std::vector<TokenId>& ids = out.ids();
  for (std::size_t i = first_id; i + 1 < ids.size(); ++i) {
    begin_byte += static_cast<std::ptrdiff_t>(bpe_.vocabulary().bytes(ids[i]).size());
    out.end_token(static_cast<std::size_t>(std::min(begin_byte, end_byte)));
  }
}

}  // namespace reranker::text
