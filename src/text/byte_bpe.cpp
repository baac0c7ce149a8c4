#include "text/byte_bpe.hpp"

#include <algorithm>
#include <cassert>
#include <optional>
#include <utility>

namespace reranker::text {
namespace {

// Up to here looking through all pairs before each merge beats a heap.
constexpr std::size_t kMaxShortBytes = 32;

// Buffers larger than this do not outlive the pretoken that needed them.
constexpr std::size_t kKeptSymbols = 1 << 16;

constexpr std::uint32_t kNoSymbol = 0xFFFFFFFF;

using Symbol = BpeBuffers::Symbol;

// Symbol i becomes what its merge makes of it and the next, which is no more.
void join_with_next(std::vector<Symbol>& symbols, std::uint32_t i) {
  Symbol& left = symbols[i];
  Symbol& right = symbols[left.next];
  left.id = left.merge.id;
  left.next = right.next;
  left.merge = {};
  right.merge = {};
  if (left.next != kNoSymbol) symbols[left.next].previous = i;
}

void release_if_large(BpeBuffers& buffers) {
  if (buffers.symbols.capacity() <= kKeptSymbols) return;
  std::vector<Symbol>().swap(buffers.symbols);  // assigning {} would keep the memory
  buffers.queue.release();
}

}  // namespace

ByteBpe::ByteBpe(Vocabulary vocabulary, MergeTable merges, Options options)
    : vocabulary_(std::move(vocabulary)), merges_(std::move(merges)), options_(options) {
  for (unsigned byte = 0; byte < 256; ++byte) {
    const char text = static_cast<char>(byte);
    const TokenId id = vocabulary_.find({&text, 1});
    byte_ids_[byte] = id == kNoToken ? options_.unknown : id;
  }
}

void ByteBpe::encode(std::string_view pretoken, BpeBuffers& buffers,
                     std::vector<TokenId>& ids) const {
  buffers.cache.append(pretoken, ids, [&] { encode_uncached(pretoken, buffers, ids); });
}

void ByteBpe::encode_uncached(std::string_view pretoken, BpeBuffers& buffers,
                              std::vector<TokenId>& ids) const {
  if (options_.ignore_merges && pretoken.size() <= vocabulary_.max_bytes()) {
    const TokenId id = vocabulary_.find(pretoken);
    if (id != kNoToken) return ids.push_back(id);
  }
  if (pretoken.size() <= kMaxShortBytes) return merge_short(pretoken, ids);
  merge_long(pretoken, buffers, ids);
}

void ByteBpe::merge_short(std::string_view pretoken, std::vector<TokenId>& ids) const {
  // ranks[i] and merged[i] belong to the pair of symbols i and i + 1.
  TokenId symbols[kMaxShortBytes], merged[kMaxShortBytes];
  std::uint32_t ranks[kMaxShortBytes];
  std::size_t n = 0;
  for (const char c : pretoken) {
    symbols[n] = byte_ids_[static_cast<unsigned char>(c)];
    n += symbols[n] != kNoToken;
  }
  const auto look_up = [&](std::size_t i) {
    const Merge merge = merges_.find(symbols[i], symbols[i + 1]);
    ranks[i] = merge.rank;
    merged[i] = merge.id;
  };
  for (std::size_t i = 0; i + 1 < n; ++i) look_up(i);

  while (n > 1) {
    const std::size_t i = std::min_element(ranks, ranks + n - 1) - ranks;
    if (ranks[i] == kNoRank) break;
    symbols[i] = merged[i];
    std::copy(symbols + i + 2, symbols + n, symbols + i + 1);
    --n;
    if (i + 1 < n) {
      std::copy(ranks + i + 2, ranks + n, ranks + i + 1);
      std::copy(merged + i + 2, merged + n, merged + i + 1);
      look_up(i);
    }
    if (i > 0) look_up(i - 1);
  }
  ids.insert(ids.end(), symbols, symbols + n);
}

void ByteBpe::merge_long(std::string_view pretoken, BpeBuffers& buffers,
                         std::vector<TokenId>& ids) const {
  assert(pretoken.size() <= kMaxPretokenBytes);
  fill_symbols(pretoken, buffers.symbols);
  if (buffers.symbols.empty()) return;
  merge_all(buffers);
  for (std::uint32_t i = 0; i != kNoSymbol; i = buffers.symbols[i].next)
    ids.push_back(buffers.symbols[i].id);
  release_if_large(buffers);
}

void ByteBpe::fill_symbols(std::string_view pretoken, std::vector<Symbol>& symbols) const {
  symbols.clear();
  for (const char c : pretoken) {
    const TokenId id = byte_ids_[static_cast<unsigned char>(c)];
    const auto index = static_cast<std::uint32_t>(symbols.size());
    if (id != kNoToken) symbols.push_back({id, index - 1, index + 1, {}});
  }
  if (!symbols.empty()) symbols.back().next = kNoSymbol;
}

void ByteBpe::merge_all(BpeBuffers& buffers) const {
  std::vector<Symbol>& symbols = buffers.symbols;
  MergeQueue& queue = buffers.queue;
  const auto look_up = [&](std::uint32_t i) {
    const Merge merge = merges_.find(symbols[i].id, symbols[symbols[i].next].id);
    symbols[i].merge = merge;
    return merge.rank == kNoRank ? std::nullopt
                                 : std::optional(std::uint64_t(merge.rank) << 32 | i);
  };
  queue.clear();
  for (std::uint32_t i = 0; i + 1 < symbols.size(); ++i)
    if (const auto merge = look_up(i)) queue.add(*merge);
  queue.sort();

  while (!queue.empty()) {
    const std::uint64_t top = queue.pop();
    const auto i = static_cast<std::uint32_t>(top);
    if (symbols[i].merge.rank != top >> 32) continue;  // one of the two has merged since
    join_with_next(symbols, i);
    if (symbols[i].next != kNoSymbol)
      if (const auto merge = look_up(i)) queue.push(*merge);
    if (symbols[i].previous != kNoSymbol)
      if (const auto merge = look_up(symbols[i].previous)) queue.push(*merge);
  }
}

}  // namespace reranker::text
