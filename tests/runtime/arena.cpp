#include "runtime/arena.hpp"
#include "runtime/pages.hpp"
#include "support/catch.hpp"

using reranker::runtime::Arena;
using reranker::runtime::Pages;

static reranker::runtime::Region region_of(const Pages& pages) {
  return {pages.data(), pages.size()};
}

TEST_CASE("an arena gives aligned blocks and takes the first hole that fits", "[arena]") {
  const Pages pages(1024);
  Arena arena(region_of(pages), 1024);
  char* a = static_cast<char*>(arena.take(1));
  char* b = static_cast<char*>(arena.take(128));
  char* c = static_cast<char*>(arena.take(64));
  CHECK(b - a == 64);
  CHECK(c - b == 128);
  CHECK(reinterpret_cast<std::uintptr_t>(a) % Arena::kAlignment == 0);

  arena.give_back(b);
  CHECK(arena.take(64) == b);
  CHECK(arena.take(64) == b + 64);
  CHECK(arena.peak() == 256);
}

TEST_CASE("an arena never gives more than it was planned to", "[arena]") {
  const Pages pages(4096);
  Arena arena(region_of(pages), 256);
  void* a = arena.take(128);
  CHECK_THROWS_AS(arena.take(129), Arena::Exhausted);
  void* b = arena.take(128);
  CHECK_THROWS_AS(arena.take(1), Arena::Exhausted);
  arena.give_back(a);
  arena.give_back(b);
  CHECK(arena.take(256) == a);
}

TEST_CASE("an arena needs pages enough for it", "[arena]") {
  const Pages none;
  CHECK_THROWS_AS(Arena(region_of(none), 1), Arena::Exhausted);
  const Pages pages(1024);
  CHECK_THROWS_AS(Arena(region_of(pages), 1025), Arena::Exhausted);
}
