#include "runtime/roomy_heap.hpp"

#include <stdexcept>
#include <thread>
#include <vector>

#include "runtime/executor.hpp"
#include "support/catch.hpp"

using reranker::runtime::Crew;
using reranker::runtime::Executor;
using reranker::runtime::RoomyHeap;

constexpr std::size_t kBytes = 8 << 20;

TEST_CASE("RoomyHeap does its work once, on the thread that asks", "[roomy_heap]") {
  Executor executor(GENERATE(1, 2, 8), 0);
  for (int round = 0; round < 20; ++round)
    executor.run([](Crew& crew) {
      std::vector<std::thread::id> workers;
      RoomyHeap(kBytes).run(crew, [&] { workers.push_back(std::this_thread::get_id()); });
      REQUIRE(workers.size() == 1);
      CHECK(workers[0] == std::this_thread::get_id());
    });
}

TEST_CASE("RoomyHeap leaves what the work allocates as the work wrote it", "[roomy_heap]") {
  Executor executor(GENERATE(1, 2), 0);
  executor.run([](Crew& crew) {
    std::vector<std::vector<char>> kept;
    RoomyHeap(kBytes).run(crew, [&] {
      for (int i = 0; i < 2000; ++i) kept.emplace_back(4000, static_cast<char>(i));
    });
    for (std::size_t i = 0; i < kept.size(); ++i)
      REQUIRE(kept[i] == std::vector<char>(4000, static_cast<char>(i)));
  });
}

TEST_CASE("RoomyHeap passes on what its work throws", "[roomy_heap]") {
  Executor executor(GENERATE(1, 2), 0);
  executor.run([](Crew& crew) {
    const auto fail = [] { throw std::runtime_error("no"); };
    CHECK_THROWS_AS(RoomyHeap(kBytes).run(crew, fail), std::runtime_error);
  });
}
