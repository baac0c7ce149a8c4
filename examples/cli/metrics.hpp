#pragma once

#include <vector>

/// Gains of a query's passages in some order of them; 0 is irrelevant.
using Gains = std::vector<int>;

/// Relevant passages among the first k, over all `num_relevant` that the query has.
double recall(const Gains& ordered, std::size_t num_relevant, std::size_t k);

/// Gain over log2(rank + 1), summed over the first k, over the same of the best order of `all`,
/// the gains of all the query's relevant passages, found or not (Järvelin and Kekäläinen 2002,
/// as trec_eval's ndcg_cut).
double ndcg(const Gains& ordered, Gains all, std::size_t k);

double mean(const std::vector<double>& values);
