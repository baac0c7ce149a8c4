#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "text/merge_queue.hpp"
#include "text/merge_table.hpp"
#include "text/pretoken_cache.hpp"
#include "text/vocabulary.hpp"

namespace reranker::text {

/// What ByteBpe works in.
struct BpeBuffers {
  struct Symbol {
    TokenId id;
    std::uint32_t previous, next;  // indices of neighbours
    Merge merge;                   // with the next
  };

  PretokenCache cache;
  std::vector<Symbol> symbols;
  MergeQueue queue;  // merges to do: rank in the upper half, symbol in the lower
};

/// Byte-pair encoding of one pretoken, as the BPE model of Hugging Face `tokenizers` does it:
/// of all pairs of neighbours that may merge the one of least rank does, the leftmost among
/// equals, until none is left.
class ByteBpe {
 public:
  struct Options {
    bool ignore_merges = false;  // a pretoken that is a token is that token, whatever the merges
    TokenId unknown = kNoToken;  // stands for a byte that is no token; kNoToken drops it
  };

  ByteBpe(Vocabulary vocabulary, MergeTable merges, Options options);

  const Vocabulary& vocabulary() const { return vocabulary_; }

  /// Appends the ids of `pretoken`, at most kMaxPretokenBytes long.
  void encode(std::string_view pretoken, BpeBuffers& buffers, std::vector<TokenId>& ids) const;

  static constexpr std::size_t kMaxPretokenBytes = 0xFFFFFFF0;

 private:
  void encode_uncached(std::string_view pretoken, BpeBuffers& buffers,
                       std::vector<TokenId>& ids) const;
  void merge_short(std::string_view pretoken, std::vector<TokenId>& ids) const;
  void merge_long(std::string_view pretoken, BpeBuffers& buffers, std::vector<TokenId>& ids) const;
  void fill_symbols(std::string_view pretoken, std::vector<BpeBuffers::Symbol>& symbols) const;
  void merge_all(BpeBuffers& buffers) const;

  Vocabulary vocabulary_;
  MergeTable merges_;
  Options options_;
  std::array<TokenId, 256> byte_ids_;
};

}  // namespace reranker::text
