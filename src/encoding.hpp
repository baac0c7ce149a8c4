#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "impl.hpp"
#include "progress.hpp"
#include "runtime/watch.hpp"

namespace reranker {
inline namespace v4 {

/// Where the host computes, all sequences are encoded when the last is there, longest first. Where
/// it would be idle meanwhile, they are encoded a portion at a time, in the order of their coming,
/// beside the thread that makes more of them.
class Reranker::Impl::Encoding {
 public:
  using Taker = std::function<void(const std::vector<batch::Sequence>& sequences,
                                   const std::vector<float>& logits)>;

  /// `progress` outlives it.
  Encoding(const Impl& impl, std::size_t token_budget, runtime::Watch watch, Progress& progress);
  ~Encoding();
  Encoding(const Encoding&) = delete;
  Encoding& operator=(const Encoding&) = delete;

  /// Throws where the call is over.
  void add(std::vector<batch::Sequence> sequences);

  /// Encodes what is left, adds to `usage` what all took, and gives each sequence's logit once, in
  /// the order of their coming. Throws what a pass threw, and where the call is over.
  void finish(Usage& usage, const Taker& take);

  double seconds_waited() const { return seconds_waited_; }

 private:
  struct Portion;

  void start_portion();
  void wait_for(Portion& portion);

  /// Of those that wait, a job a batch, so that other calls get their turns between them.
  std::vector<float> encode_waiting(Usage& usage);

  /// Impl::pass, while the call is not over, and progress with it.
  void pass(runtime::Crew& crew, const std::vector<batch::Sequence>& sequences,
            const std::vector<std::size_t>& members, std::vector<float>& logits, Usage& usage);

  const Impl& impl_;
  const std::size_t token_budget_;
  const runtime::Watch watch_;
  Progress& progress_;
  const std::size_t portion_tokens_;  // 0: one portion of all
  std::vector<batch::Sequence> waiting_;
  std::size_t waiting_tokens_ = 0;
  std::vector<std::unique_ptr<Portion>> portions_;
  double seconds_waited_ = 0;
};

}  // namespace v4
}  // namespace reranker
