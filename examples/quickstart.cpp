#include <cstdio>
#include <string>
#include <vector>

#include <reranker/reranker.hpp>

int main(int argc, char** argv) {
  const auto model = reranker::Reranker::load(argc > 1 ? argv[1] : "models/small");

  const std::vector<std::string> passages = {
      "The hive is kept at 35 degrees by bees that fan their wings.",
      "Bees that have found food dance on the comb: the angle tells the others where to fly.",
      "Honey never spoils, because it holds too little water for bacteria."};
  const auto scores = model.score("how do bees tell each other where food is", passages);

  for (std::size_t i = 0; i < passages.size(); ++i)
    std::printf("%7.3f  %s\n", scores[i], passages[i].c_str());
}
