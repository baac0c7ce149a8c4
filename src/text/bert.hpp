#pragma once

#include "text/added_tokens.hpp"
#include "text/bert_normalizer.hpp"
#include "text/piece_encoder.hpp"
#include "text/word_piece.hpp"

namespace reranker::text {

/// BERT's normalizer, pre-tokenizer and WordPiece model.
class Bert final : public PieceEncoder {
 public:
  /// `normalized`: the added tokens that are looked for in normalised text, themselves normalised.
  Bert(BertNormalizer normalizer, AddedTokens normalized, WordPiece model);

  std::string_view kind() const override { return "bert"; }
  std::size_t vocabulary_size() const override { return model_.vocabulary_size(); }
  TokenId unknown() const override { return model_.unknown(); }
  bool splits_before_colon() const override { return !normalized_.may_straddle_colon(); }
  void encode(std::string_view piece, std::size_t begin, SpecialTokens mode, EncodeBuffers& buffers,
              EncodeOutput& out) const override;

 private:
  void encode_with_tokens(std::string_view piece, std::size_t begin, SpecialTokens mode,
                          BertBuffers& buffers, EncodeOutput& out) const;

  BertNormalizer normalizer_;
  AddedTokens normalized_;
  WordPiece model_;
};

}  // namespace reranker::text
