#pragma once

#include <chrono>
#include <optional>
#include <utility>

#include <reranker/options.hpp>

#include "runtime/crew.hpp"

namespace reranker::runtime {

/// Whether a call is to end early: its deadline has passed, or another thread wants so.
class Watch {
 public:
  using Clock = std::chrono::steady_clock;

  Watch() = default;
  Watch(std::optional<Clock::time_point> deadline, std::optional<CancelToken> cancel)
      : deadline_(deadline), cancel_(std::move(cancel)) {}

  const std::optional<Clock::time_point>& deadline() const { return deadline_; }

  /// Whether anything can end it.
  bool any() const { return deadline_ || cancel_; }

  bool cancelled() const { return cancel_ && cancel_->cancelled(); }
  bool late() const { return deadline_ && Clock::now() >= *deadline_; }
  bool over() const { return cancelled() || late(); }

  /// Throws Error where the call is over: cancelled, deadline_exceeded.
  void check() const;

 private:
  std::optional<Clock::time_point> deadline_;
  std::optional<CancelToken> cancel_;
};

/// A crew that begins no more tasks once a call is over: parallel_for throws Over then. That is no
/// std::exception, which the interpreter of the graph would turn into one of its own.
class WatchedCrew final : public Crew {
 public:
  struct Over {};

  WatchedCrew(Crew& crew, const Watch& watch) : crew_(crew), watch_(watch) {}

  std::size_t size() const override { return crew_.size(); }
  void parallel_for(std::size_t num_tasks, const Body& body) override;
  const Pages& working_memory(std::size_t bytes) override { return crew_.working_memory(bytes); }

 private:
  Crew& crew_;
  const Watch& watch_;
};

/// Does `work` with the crew, watched. Throws Error: cancelled, deadline_exceeded.
template <typename Work>
void do_watched(Crew& crew, const Watch& watch, Work&& work) {
  watch.check();
  WatchedCrew watched(crew, watch);
  try {
    work(watched);
  } catch (const WatchedCrew::Over&) {
    watch.check();
  }
}

}  // namespace reranker::runtime
