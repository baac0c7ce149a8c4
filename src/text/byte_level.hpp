#pragma once

#include <cstddef>
#include <string_view>

#include "text/added_tokens.hpp"
#include "text/byte_bpe.hpp"
#include "text/piece_encoder.hpp"
#include "text/pretokenizer.hpp"

namespace reranker::text {

struct PretokenizerSettings {
  std::string_view kind;  // what Tokenizer::kind() says
  Pattern pattern;
  ClassSource classes;
  bool add_prefix_space = false;  // a piece of text that does not start with a space gets one
};

/// Byte-level BPE behind one of the pre-tokenizers that we know.
class ByteLevel final : public PieceEncoder {
 public:
  /// `normalized`: the added tokens that are looked for behind the others.
  ByteLevel(const PretokenizerSettings& settings, AddedTokens normalized, ByteBpe bpe);

  std::string_view kind() const override { return kind_; }
  std::size_t vocabulary_size() const override { return bpe_.vocabulary().size(); }
  bool splits_before_colon() const override;
  void encode(std::string_view piece, std::size_t begin, SpecialTokens mode, EncodeBuffers& buffers,
              EncodeOutput& out) const override;

 private:
  void encode_text(std::string_view text, std::ptrdiff_t begin_byte, BpeBuffers& buffers,
                   EncodeOutput& out) const;
  void end_tokens(std::size_t first_id, std::ptrdiff_t begin_byte, std::ptrdiff_t end_byte,
                  EncodeOutput& out) const;

  std::string_view kind_;
  Pretokenizer pretokenizer_;
  bool add_prefix_space_;
  AddedTokens normalized_;
  ByteBpe bpe_;
};

}  // namespace reranker::text
