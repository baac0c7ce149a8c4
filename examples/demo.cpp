// Reads real questions with the passages that BM25 found for each, reranks them, and prints where
// the right passage stands and which passage comes first, before and after.
//
//   demo [MODEL [QUESTIONS]]        from the repository's root

#include <algorithm>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <reranker/reranker.hpp>

#include "cli/display.hpp"
#include "cli/json_lines.hpp"

namespace {

constexpr std::size_t kTextColumns = 62;

/// Over all questions. The reciprocal ranks are sums of 1 / rank of the first relevant passage.
struct Totals {
  double bm25 = 0, reranked = 0;
  std::size_t better = 0, same = 0, worse = 0;
};

/// 1 for the best passage; `order` holds positions of passages, best first.
std::size_t rank_of_relevant(const std::vector<std::size_t>& order,
                             const std::vector<float>& relevant) {
  const auto found = std::find_if(order.begin(), order.end(), [&](std::size_t position) {
    return std::find(relevant.begin(), relevant.end(), static_cast<float>(position)) !=
           relevant.end();
  });
  return static_cast<std::size_t>(found - order.begin()) + 1;
}

/// The passages stand in BM25's order, so its rank is the position.
std::size_t bm25_rank(const std::vector<float>& relevant) {
  return static_cast<std::size_t>(*std::min_element(relevant.begin(), relevant.end())) + 1;
}

/// Positions of the passages, best first.
std::vector<std::size_t> reranked(const reranker::Reranker& model, std::string_view query,
                                  const std::vector<std::string_view>& passages,
                                  const std::vector<float>& first_stage) {
  reranker::RankOptions options;
  options.first_stage = first_stage;
  std::vector<std::size_t> order;
  for (const auto& hit : model.rank(query, passages, options).hits) order.push_back(hit.index);
  return order;
}

const char* count(std::size_t before, std::size_t after, Totals& totals) {
  totals.bm25 += 1.0 / static_cast<double>(before);
  totals.reranked += 1.0 / static_cast<double>(after);
  ++(after < before ? totals.better : after > before ? totals.worse : totals.same);
  return after < before ? "better" : after > before ? "worse" : "same";
}

void answer(const reranker::Reranker& model, const JsonObject& question, Totals& totals) {
  const auto query = string_field(question, "query");
  const auto passages = strings_field(question, "passages");
  const auto relevant = floats_field(question, "relevant");
  const auto order = reranked(model, query, passages, floats_field(question, "first_stage"));
  const std::size_t before = bm25_rank(relevant);
  const std::size_t after = rank_of_relevant(order, relevant);
  const char* change = count(before, after, totals);
  fmt::print("{} {:>4} {:>4} {}\n", padded(query, kTextColumns), before, after, change);
  fmt::print("  was first: {}\n", one_line(passages[0], kTextColumns));
  fmt::print("  is first:  {}\n", one_line(passages[order[0]], kTextColumns));
}

void run(const std::string& folder, const std::string& questions) {
  std::ifstream file(questions);
  if (!file) throw std::runtime_error(questions + " cannot be opened");
  const auto model = reranker::Reranker::load(folder);

  fmt::print("{:{}} {:>4} {:>4}\n", "Rank of the right passage", kTextColumns, "BM25", "now");
  Totals totals;
  for_each_json_line(file, [&](const JsonObject& question) { answer(model, question, totals); });
  const std::size_t all = totals.better + totals.same + totals.worse;
  fmt::print("\n{} better, {} as before, {} worse. Mean reciprocal rank: BM25 {:.3f}, now {:.3f}\n",
             totals.better, totals.same, totals.worse, totals.bm25 / static_cast<double>(all),
             totals.reranked / static_cast<double>(all));
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(argc > 1 ? argv[1] : "models/small", argc > 2 ? argv[2] : "examples/data/questions.jsonl");
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "demo: {}\n", error.what());
    return 1;
  }
}
