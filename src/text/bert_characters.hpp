#pragma once

#include <cstddef>
#include <cstdint>

#include "text/code_point_table.hpp"

namespace reranker::text {

/// What BertNormalizer and BertPreTokenizer of Hugging Face `tokenizers` take a code point for.
/// bert_tables.inc was made by asking them.
struct BertFlags {
  enum : std::uint16_t {
    removed = 1 << 0,      // clean_text leaves it out
    space = 1 << 1,        // clean_text makes it a space; where it is not removed
    chinese = 1 << 2,      // handle_chinese_chars puts spaces around it
    mark = 1 << 3,         // strip_accents leaves it out, once decomposed
    white_space = 1 << 4,  // stands between words
    punctuation = 1 << 5,  // a word of its own
    ranked = 1 << 6,       // moves among its neighbours in a decomposed text
    decomposes = 1 << 7,
    lowers = 1 << 8,  // has a lower case
  };
};

using BertFlagTable = CodePointTable<std::uint16_t>;

BertFlagTable make_bert_flag_table();

/// Some code points that one becomes.
class BecomesView {
 public:
  BecomesView(const char32_t* begin, std::size_t size) : begin_(begin), size_(size) {}
  const char32_t* begin() const { return begin_; }
  const char32_t* end() const { return begin_ + size_; }

 private:
  const char32_t* begin_;
  std::size_t size_;
};

/// What a code point with BertFlags::decomposes becomes in NFD. Hangul is put into `jamo`.
BecomesView decomposed(char32_t code_point, char32_t (&jamo)[3]);

/// What a code point with BertFlags::lowers becomes in lower case.
BecomesView lower_case(char32_t code_point);

/// The order of code points with BertFlags::ranked that follow one another in NFD: by rank, those
/// of the same rank as they were.
std::uint8_t rank_of(char32_t code_point);

}  // namespace reranker::text
