#include "text/bert_normalizer.hpp"

#include "text/decode.hpp"

namespace reranker::text {

void NormalizedText::put(char32_t c, std::size_t begin) {
  append_utf8(c, text);
  begins.resize(text.size(), begin);
}

BertNormalizer::BertNormalizer(Options options)
    : options_(options), flags_(make_bert_flag_table()) {
  for (unsigned char c = 0; c < 128; ++c) {
    const unsigned flags = flags_.ascii(c);
    ascii_[c] = static_cast<signed char>(c);
    if (options.lowercase && (flags & BertFlags::lowers))
      ascii_[c] = static_cast<signed char>(*lower_case(c).begin());
    if (options.clean_text && (flags & BertFlags::space)) ascii_[c] = ' ';
    if (options.clean_text && (flags & BertFlags::removed)) ascii_[c] = -1;
  }
}

}  // namespace reranker::text
