#pragma once

#include <string>
#include <vector>

#include <reranker/result.hpp>

#include "beir.hpp"

/// A measure of each query, for one order of the candidates.
struct Measures {
  std::vector<double> recall_at_5;
  std::vector<double> ndcg_at_10;
};

struct Order {
  std::string name;
  Measures measures;
};

struct EvalReport {
  std::string data, split;
  std::size_t queries = 0, pairs = 0, tokens = 0;
  std::size_t without_relevant = 0;  ///< Queries left out.
  std::size_t unscored = 0;          ///< Pairs; they come last, in the candidates' order.
  double seconds = 0;                ///< In the model; 0 where there is none.
  std::vector<Order> orders;         ///< The candidates' own first, the best possible last.
  std::string logits;                ///< A JSON line a query.
};

/// Appends a line of the model's logits, null where there is none, and what else is known of the
/// candidates, all in their order.
void append_logits(std::string& lines, const std::string& data, const EvalQuery& query,
                   const std::vector<reranker::Hit>& hits);

/// A table for people: the means, and how far each order is from the candidates'.
std::string as_table(const EvalReport& report);

std::string as_json(const EvalReport& report);
