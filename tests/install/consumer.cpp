#include <cstdio>

#include <reranker/reranker.hpp>

int main(int argc, char** argv) {
  try {
    const auto model = reranker::Reranker::load(argc > 1 ? argv[1] : "models/small");
    const auto ranking = model.rank("how do bees talk", {"Lima is a city.", "Bees dance."});
    for (const auto& hit : ranking.hits) std::printf("%zu %.4f\n", hit.index, hit.score);
    return ranking.hits.size() == 2 ? 0 : 1;
  } catch (const reranker::Error& error) {
    std::fprintf(stderr, "%s: %s\n", reranker::name(error.code()), error.what());
    return 1;
  }
}
