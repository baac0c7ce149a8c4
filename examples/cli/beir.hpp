#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

/// One query of a retrieval set with its candidates, in the first stage's order.
struct EvalQuery {
  std::string id;
  std::string text;
  std::vector<std::string> passage_ids;
  std::vector<float> first_stage;       ///< One a candidate.
  std::map<std::string, int> relevant;  ///< Passage id to gain; gains above 0 only.
};

struct EvalSet {
  std::vector<EvalQuery> queries;               ///< In the candidates' order.
  std::map<std::string, std::string> passages;  ///< The candidates' texts, by id.
  std::size_t without_relevant = 0;  ///< Queries left out: no passage is relevant to them.
};

/// Reads a folder in BEIR's layout: corpus.jsonl, queries.jsonl and qrels/<split>.tsv, each also
/// as .gz; and the first stage's candidates, rows of query id, passage id, rank, score.
/// The queries that `candidates` names and that have a relevant passage are kept, one at least;
/// every k-th of them where `limit` is not 0.
/// A passage's text begins with its title, unless it does so by itself.
EvalSet read_eval_set(const std::filesystem::path& folder, const std::string& split,
                      const std::filesystem::path& candidates, std::size_t limit);
