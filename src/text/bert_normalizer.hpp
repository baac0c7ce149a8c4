#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "text/bert_characters.hpp"
#include "text/decode.hpp"

namespace reranker::text {

/// A text as normalised, and where in the original each of its bytes comes from.
struct NormalizedText {
  std::string text;
  std::vector<std::size_t> begins;  // (text.size()), of the original characters

  void put(char32_t c, std::size_t begin);
  bool full() const { return false; }
};

/// BERT's normalisation, as BertNormalizer of Hugging Face `tokenizers` does it: control
/// characters left out and white space made spaces, then spaces put around Chinese characters,
/// then accents left out (NFD without nonspacing marks), then lower case.
class BertNormalizer {
 public:
  struct Options {
    bool clean_text = false;
    bool handle_chinese_chars = false;
    bool strip_accents = false;
    bool lowercase = false;
  };

  explicit BertNormalizer(Options options);

  /// Calls sink.put(code point, where the character that it comes from begins) for all of
  /// `utf8` (valid) as normalised, in order, until sink.full().
  template <typename Sink>
  void normalize(std::string_view utf8, Sink& sink) const;

  const BertFlagTable& flags() const { return flags_; }

 private:
  template <typename Sink>
  class Pass;

  Options options_;
  BertFlagTable flags_;
  signed char ascii_[128];  // what each becomes; -1: nothing
};

/// One call of normalize.
template <typename Sink>
class BertNormalizer::Pass {
 public:
  Pass(const BertNormalizer& with, Sink& sink) : with_(with), sink_(sink) {}

  // A character in its last form that none goes past.
  void starter(char32_t c, std::size_t begin) {
    if (!waiting_.empty()) flush();
    sink_.put(c, begin);
  }

  void other(char32_t c, std::size_t begin, std::size_t end) {
    const unsigned flags = with_.flags_.of(c);
    if (with_.options_.clean_text && (flags & BertFlags::removed)) return;
    if (with_.options_.clean_text && (flags & BertFlags::space)) return starter(' ', begin);
    const bool apart = with_.options_.handle_chinese_chars && (flags & BertFlags::chinese);
    if (apart) starter(' ', begin);
    decompose(c, flags, begin);
    if (apart) starter(' ', end);
  }

  // Those that wait take the places of those that waited, so that places rise.
  void flush() {
    begins_.clear();
    for (const Waiting& w : waiting_) begins_.push_back(w.begin);
    std::stable_sort(waiting_.begin(), waiting_.end(),
                     [](const Waiting& a, const Waiting& b) { return a.rank < b.rank; });
    for (std::size_t i = 0; i < waiting_.size(); ++i) lower(waiting_[i].c, begins_[i]);
    waiting_.clear();
  }

 private:
  // A character that a later one may have to go before.
  struct Waiting {
    std::uint8_t rank;
    char32_t c;
    std::size_t begin;
  };

  void decompose(char32_t c, unsigned flags, std::size_t begin) {
    if (!with_.options_.strip_accents) return lower(c, begin);
    if (!(flags & BertFlags::decomposes)) return order(c, begin);
    char32_t jamo[3];
    for (const char32_t part : decomposed(c, jamo)) order(part, begin);
  }

  void order(char32_t c, std::size_t begin) {
    const unsigned flags = with_.flags_.of(c);
    const bool ranked = flags & BertFlags::ranked;
    if (!ranked && !waiting_.empty()) flush();
    if (flags & BertFlags::mark) return;
    if (ranked) return waiting_.push_back({rank_of(c), c, begin});
    lower(c, begin);
  }

  void lower(char32_t c, std::size_t begin) {
    if (!with_.options_.lowercase || !(with_.flags_.of(c) & BertFlags::lowers))
      return sink_.put(c, begin);
    for (const char32_t part : lower_case(c)) sink_.put(part, begin);
  }

  const BertNormalizer& with_;
  Sink& sink_;
  std::vector<Waiting> waiting_;
  std::vector<std::size_t> begins_;
};

template <typename Sink>
void BertNormalizer::normalize(std::string_view utf8, Sink& sink) const {
  Pass<Sink> pass(*this, sink);
  for (std::size_t at = 0; at < utf8.size() && !sink.full();) {
    const auto byte = static_cast<unsigned char>(utf8[at]);
    if (byte < 0x80) {
      if (ascii_[byte] >= 0) pass.starter(static_cast<char32_t>(ascii_[byte]), at);
      ++at;
      continue;
    }
    const Decoded c = decode(utf8.data() + at);
    pass.other(c.code_point, at, at + c.bytes);
    at += c.bytes;
  }
  pass.flush();
}

}  // namespace reranker::text
