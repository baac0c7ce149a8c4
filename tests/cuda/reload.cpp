#include <cstdlib>

#include <cuda_runtime_api.h>

#include <reranker/reranker.hpp>

#include "support/catch.hpp"

using namespace reranker;

namespace {

std::size_t free_bytes() {
  std::size_t free = 0, total = 0;
  REQUIRE(cudaMemGetInfo(&free, &total) == cudaSuccess);
  return free;
}

void load_and_score() {
  LoadOptions options;
  options.device = Device::cuda;
  const auto model = Reranker::load(std::getenv("RERANKER_TINY_MODEL"), options);
  CHECK(model.score("why", {"because", "since"}).size() == 2);
}

}  // namespace

TEST_CASE("a hundred loads leave a device's memory as the first left it", "[cuda]") {
  load_and_score();
  const std::size_t before = free_bytes();
  for (int i = 0; i < 100; ++i) load_and_score();
  CHECK(free_bytes() == before);
}
