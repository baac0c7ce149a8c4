#include "engine/cuda/recordings.hpp"

#include <algorithm>
#include <utility>

#include "engine/cuda/device.hpp"

namespace reranker::engine::cuda {
namespace {

using kernels::cuda::Graph;
using kernels::cuda::Stream;

constexpr std::size_t kMostEntries = 128;  // a graph of a hundred kernels takes some 100 KiB

Graph record(Stream stream, const std::function<void()>& queue) {
  Graph graph;
  check(Graph::begin(stream), "beginning a graph");
  try {
    queue();
  } catch (...) {
    (void)graph.end(stream);  // the stream must not stay in recording
    throw;
  }
  check(graph.end(stream), "making a graph");
  return graph;
}

}  // namespace

void Recordings::run(const Extents& extents, Stream stream, runtime::Arena& arena,
                     const std::function<void()>& queue) {
  Entry* entry = find(extents);
  if (entry == nullptr) {
    queue();
    if (static_cast<std::size_t>(extents.num_tokens) <= kMostPadded) remember(extents);
    return;
  }
  entry->last_use = ++uses_;
  try {
    launch(*entry, stream, arena, queue);
  } catch (const Failure&) {
    // Another stream of the process, or want of memory, may spoil a recording or its first launch,
    // which takes memory of the device, and not a pass.
    entries_.erase(entries_.begin() + (entry - entries_.data()));
    queue();
  }
}

void Recordings::launch(Entry& entry, Stream stream, runtime::Arena& arena,
                        const std::function<void()>& queue) {
  if (entry.recorded) {
    arena.give_back(arena.take(entry.bytes));
  } else {
    entry.graph = record(stream, queue);
    entry.bytes = arena.peak();
    entry.recorded = true;
  }
  check(entry.graph.launch(stream), "launching a graph");
}

Recordings::Entry* Recordings::find(const Extents& extents) {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return entry.extents == extents; });
  return found == entries_.end() ? nullptr : &*found;
}

void Recordings::remember(const Extents& extents) {
  if (entries_.size() == kMostEntries)
    entries_.erase(
        std::min_element(entries_.begin(), entries_.end(),
                         [](const Entry& a, const Entry& b) { return a.last_use < b.last_use; }));
  Entry entry;
  entry.extents = extents;
  entry.last_use = ++uses_;
  entries_.push_back(std::move(entry));
}

}  // namespace reranker::engine::cuda
