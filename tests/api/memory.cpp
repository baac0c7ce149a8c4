#include <atomic>
#include <cstdlib>
#include <limits>
#include <new>
#include <optional>

#include "api/model.hpp"
#include "support/catch.hpp"

namespace {

constexpr long kNever = std::numeric_limits<long>::max();
std::atomic<long> until_refusal{kNever};  // allocations of the process, whoever asks

}  // namespace

void* operator new(std::size_t size) {
  if (until_refusal.load() != kNever && until_refusal.fetch_sub(1) == 0) throw std::bad_alloc();
  if (void* const memory = std::malloc(size != 0 ? size : 1)) return memory;
  throw std::bad_alloc();
}

void operator delete(void* memory) noexcept {
  std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace {

/// What a call throws if the allocation after `served` others is refused. Nothing if it made no
/// more than `served`, and `all_served` is set; nothing also if it could do without.
std::optional<reranker::ErrorCode> failure_of(const reranker::Reranker& model, long served,
                                              bool& all_served) {
  const std::vector<std::string> passages{"Lima is a city.", "Bees dance."};
  std::optional<reranker::ErrorCode> failure;
  until_refusal = served;
  try {
    (void)model.score("why", passages);
  } catch (const reranker::Error& error) {
    failure = error.code();
  }
  all_served = until_refusal.exchange(kNever) >= 0;
  return failure;
}

}  // namespace

TEST_CASE("a call that the heap has no room for throws out_of_memory, the next is as before",
          "[memory]") {
  const auto model = load_tiny();
  const auto expected = model.score("why", many_passages());

  bool all_served = false;
  long refused = 0;
  for (long served = 0; !all_served; ++served) {
    const auto failure = failure_of(model, served, all_served);
    if (!failure) continue;
    INFO("after " << served << " allocations");
    CHECK(*failure == reranker::ErrorCode::out_of_memory);
    ++refused;
  }

  CHECK(refused > 100);
  CHECK(model.score("why", many_passages()) == expected);
}
