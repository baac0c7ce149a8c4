// Reads real questions with the passages that BM25 found for each, reranks them, and prints where
// the right passage stands before and after.
//
//   demo [MODEL [QUESTIONS]]        from the repository's root

#include <algorithm>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <reranker/reranker.hpp>

#include "cli/display.hpp"
#include "cli/json_lines.hpp"

namespace {

/// The sum of 1 / rank of the first relevant passage.
struct ReciprocalRanks {
  double bm25 = 0, reranked = 0;
  std::size_t questions = 0;
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

std::size_t reranked_rank(const reranker::Reranker& model, const JsonObject& question) {
  reranker::RankOptions options;
  options.first_stage = floats_field(question, "first_stage");
  std::vector<std::size_t> order;
  for (const auto& hit :
       model.rank(string_field(question, "query"), strings_field(question, "passages"), options)
           .hits)
    order.push_back(hit.index);
  return rank_of_relevant(order, floats_field(question, "relevant"));
}

void answer(const reranker::Reranker& model, const JsonObject& question, ReciprocalRanks& sums) {
  const std::size_t before = bm25_rank(floats_field(question, "relevant"));
  const std::size_t after = reranked_rank(model, question);
  sums.bm25 += 1.0 / static_cast<double>(before);
  sums.reranked += 1.0 / static_cast<double>(after);
  ++sums.questions;
  fmt::print("{} {:>6} {:>9}\n", padded(string_field(question, "query"), 62), before, after);
}

void run(const std::string& folder, const std::string& questions) {
  std::ifstream file(questions);
  if (!file) throw std::runtime_error(questions + " cannot be opened");
  const auto model = reranker::Reranker::load(folder);

  fmt::print("{:62} {:>6} {:>9}\n", "Rank of the right passage", "BM25", "reranked");
  ReciprocalRanks sums;
  for_each_json_line(file, [&](const JsonObject& question) { answer(model, question, sums); });
  const auto count = static_cast<double>(sums.questions);
  fmt::print("{:62} {:6.3f} {:9.3f}\n", "Mean reciprocal rank", sums.bm25 / count,
             sums.reranked / count);
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
