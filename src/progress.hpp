#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <utility>
#include <vector>

#include <reranker/options.hpp>

#include "batch/sequence.hpp"
#include "runtime/guard.hpp"

namespace reranker {
inline namespace v4 {

/// Counts the passages of a call that are done, and tells the host.
class Progress {
 public:
  Progress(ProgressCallback tell, std::size_t num_passages)
      : tell_(std::move(tell)), sequences_left_(num_passages, 0) {}

  /// Before any of the passage's sequences is encoded. Without one it is done.
  void expect(std::size_t passage, std::size_t num_sequences) {
    sequences_left_[passage] = num_sequences;
    if (num_sequences == 0) ++done_;
  }

  /// Whether what the host threw has ended the call: passes that are queued already are idle then.
  bool ended() const { return ended_; }

  /// After a pass of those of the sequences that `members` names. Throws HostException.
  void add(const std::vector<batch::Sequence>& sequences, const std::vector<std::size_t>& members) {
    if (!tell_) return;
    for (const std::size_t i : members)
      if (--sequences_left_[sequences[i].passage] == 0) ++done_;
    try {
      tell_(done_, sequences_left_.size());
    } catch (...) {
      ended_ = true;
      throw runtime::HostException{std::current_exception()};
    }
  }

 private:
  const ProgressCallback tell_;
  bool ended_ = false;                       // the leader's, as passes are
  std::vector<std::size_t> sequences_left_;  // of each passage
  // A call's thread may expect passages while passes of others are under way.
  std::atomic<std::size_t> done_{0};
};

}  // namespace v4
}  // namespace reranker
