#include "batch/fit.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "batch/likeliest.hpp"

namespace reranker::batch {
namespace {

// A place where the passage may be cut: so many of its bytes, and about so many tokens, lie before.
struct Cut {
  std::size_t byte = 0;
  std::size_t token = 0;
};

// Ends of pretokens; inside one of more than `max_tokens` tokens also ends of tokens, moved back
// to where a character begins, no further apart than that. Rising in bytes, from 0 to the end.
std::vector<Cut> cuts(const text::Ends& ends, std::string_view passage, std::size_t max_tokens) {
  std::vector<Cut> out{{0, 0}};
  std::size_t token = 0;
  for (const auto& pretoken : ends.pretokens) {
    while (pretoken.end_token - token > max_tokens) {
      token += max_tokens;
      const auto head = text::cut_at_character(passage, ends.tokens[token - 1]);
      if (head.size() > out.back().byte) out.push_back({head.size(), token});
    }
    token = pretoken.end_token;
    if (pretoken.end_byte > out.back().byte) out.push_back({pretoken.end_byte, token});
  }
  return out;
}

Sequence sequence(text::EncodedPrompt&& encoded, std::size_t index, std::size_t begin,
                  std::size_t end) {
  return {std::move(encoded.ids), index, begin, end, encoded.num_type_1};
}

// The longest window from cut `first` on: ends at the last cut that still fits once encoded.
std::pair<Sequence, std::size_t> window(const text::Prompt& prompt, std::string_view passage,
                                        const std::vector<Cut>& cuts, std::size_t first,
                                        std::size_t index) {
  const std::size_t room = prompt.passage_room();
  const std::size_t lead = prompt.lead_tokens();
  std::size_t last = first + 1;
  while (last + 1 < cuts.size() && cuts[last + 1].token - cuts[first].token + lead <= room) ++last;
  for (;; --last) {
    const std::size_t begin = cuts[first].byte;
    const std::size_t end = cuts[last].byte;
    auto encoded = prompt.encode(passage.substr(begin, end - begin));
    if (encoded.complete || last == first + 1)
      return {sequence(std::move(encoded), index, begin, begin + encoded.passage_bytes), last};
  }
}

// The first cut at or behind three quarters of the window [first, last), never first itself.
std::size_t next_start(const std::vector<Cut>& cuts, std::size_t first, std::size_t last) {
  const std::size_t tokens = cuts[last].token - cuts[first].token;
  const std::size_t target = cuts[first].token + tokens * 3 / 4;
  std::size_t next = first + 1;
  while (next < last && cuts[next].token < target) ++next;
  return next;
}

std::vector<Sequence> windows(const text::Prompt& prompt, const text::Ends& ends,
                              std::string_view passage, std::size_t index,
                              const std::function<void()>& before_window) {
  const auto places = cuts(ends, passage, std::max<std::size_t>(prompt.passage_room() / 4, 1));
  std::vector<Sequence> out;
  for (std::size_t first = 0;;) {
    if (before_window) before_window();
    auto [next, last] = window(prompt, passage, places, first, index);
    out.push_back(std::move(next));
    if (last + 1 == places.size()) return out;
    first = next_start(places, first, last);
  }
}

Fitted chunk(const Chunking& chunking, std::string_view passage, std::size_t index) {
  const text::Ends ends = chunking.chunks.prompt.ends(passage);
  const bool article = ends.tokens.size() > chunking.article_tokens;
  const auto& [prompt, most] = article ? chunking.article_chunks : chunking.chunks;

  auto all = windows(prompt, ends, passage, index, chunking.before_window);
  Fitted out{{}, Status::chunked, prompt.query_truncated()};
  for (const std::size_t i : likeliest(prompt.query_tokens(), all, prompt.head_tokens(), most))
    out.sequences.push_back(std::move(all[i]));
  return out;
}

}  // namespace

Fitted fit(const text::Prompt& prompt, const Chunking& chunking, std::string_view passage,
           std::size_t index, Overflow overflow) {
  assert(overflow != Overflow::automatic);
  auto encoded = prompt.encode(passage);
  if (!encoded.complete && overflow == Overflow::fail)
    return {{}, Status::too_long, prompt.query_truncated()};
  if (!encoded.complete && overflow == Overflow::chunk) return chunk(chunking, passage, index);

  Fitted out;
  out.status = encoded.complete ? Status::ok : Status::truncated;
  out.query_truncated = prompt.query_truncated();
  const std::size_t bytes = encoded.passage_bytes;
  out.sequences.push_back(sequence(std::move(encoded), index, 0, bytes));
  return out;
}

std::size_t bytes_covered(const std::vector<Sequence>& sequences) {
  std::size_t covered = 0, end = 0;  // where the one before ended
  for (const Sequence& next : sequences) {
    const std::size_t begin = std::max(next.begin, end);
    covered += std::max(next.end, begin) - begin;
    end = std::max(next.end, end);
  }
  return covered;
}

}  // namespace reranker::batch
