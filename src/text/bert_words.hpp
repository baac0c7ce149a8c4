#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "text/bert_normalizer.hpp"
#include "text/encode_output.hpp"
#include "text/word_piece.hpp"

namespace reranker::text {

/// What BERT's encoding works in.
struct BertBuffers {
  PretokenCache cache;
  std::string word;
  std::vector<std::size_t> begins;  // (word.size()), of the original characters
  NormalizedText normalized;
};

/// Cuts normalised characters into words, as BertPreTokenizer of Hugging Face `tokenizers` does,
/// and encodes those: white space stands between words, a punctuation mark is one. A sink of
/// BertNormalizer.
///
/// Where a word ends in the original is where the next character that was not left out begins; so
/// white space goes with the word behind it.
class BertWords {
 public:
  /// `offset`: where in the text that Tokenizer::encode was given places are counted from.
  BertWords(const WordPiece& model, const BertFlagTable& flags, std::size_t offset,
            BertBuffers& buffers, EncodeOutput& out)
      : model_(model), flags_(flags), offset_(offset), buffers_(buffers), out_(out) {
    clear();
  }

  void put(char32_t c, std::size_t begin) {
    const unsigned kind = flags_.of(c) & (BertFlags::white_space | BertFlags::punctuation);
    if (kind != 0 || whole_) finish(begin);
    if (kind & BertFlags::white_space) return;
    whole_ = kind != 0;
    append(c, begin);
  }

  bool full() const { return full_; }

  /// Encodes the word that is held, if there is one.
  void finish(std::size_t end);

 private:
  // Of a word that is too long there is as much as shows it.
  void append(char32_t c, std::size_t begin) {
    if (num_chars_ > model_.max_word_chars()) return;
    ++num_chars_;
    append_utf8(c, buffers_.word);
    buffers_.begins.resize(buffers_.word.size(), begin);
  }

  void clear();
  void end_tokens(std::size_t first_id);

  const WordPiece& model_;
  const BertFlagTable& flags_;
  std::size_t offset_;
  BertBuffers& buffers_;
  EncodeOutput& out_;
  std::size_t num_chars_ = 0;
  bool whole_ = false;  // nothing joins the word that is held
  bool full_ = false;
};

}  // namespace reranker::text
