// A host that ends while threads of its own are inside calls. Its status is 0, or the test fails.
//
//   exit_under_way left|joined MODEL
//
// left: nobody waits for the threads, and they catch nothing. joined: what ends last, behind all
// that was loaded, waits for them; they stop at the first error.

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <reranker/reranker.hpp>

namespace {

std::atomic<int> calls{0};
std::atomic<int> told{0};

void score_for_ever(const reranker::Reranker& model) {
  const std::vector<std::string> passages(40, "some words in a passage");
  for (;; ++calls) model.score("why", passages);
}

void score_until_told(const reranker::Reranker& model) {
  try {
    score_for_ever(model);
  } catch (const reranker::Error& error) {
    if (error.code() == reranker::ErrorCode::cancelled) ++told;
  }
}

// Made before LibTorch is there, so that it goes after it.
struct Pool {
  std::vector<std::thread> threads;
  ~Pool() {
    for (auto& thread : threads) thread.join();
    if (told != static_cast<int>(threads.size())) std::_Exit(1);
  }
} pool;

}  // namespace

int main(int, char** argv) {
  reranker::LoadOptions options;
  options.device = reranker::Device::cpu;
  // Left behind, for threads that outlive main.
  const auto& model = *new reranker::Reranker(reranker::Reranker::load(argv[2], options));
  const bool joined = std::strcmp(argv[1], "joined") == 0;
  for (int i = 0; i < 2; ++i) {
    std::thread thread(joined ? score_until_told : score_for_ever, std::cref(model));
    if (joined)
      pool.threads.push_back(std::move(thread));
    else
      thread.detach();
  }
  while (calls < 10) std::this_thread::yield();
  return 0;
}
