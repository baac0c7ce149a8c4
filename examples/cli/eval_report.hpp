#pragma once

#include <string>
#include <vector>

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
  double seconds = 0;         ///< In the model; 0 where there is none.
  std::vector<Order> orders;  ///< The candidates' own first, the best possible last.
};

/// A table for people: the means, and how far each order is from the candidates'.
std::string as_table(const EvalReport& report);

std::string as_json(const EvalReport& report);
