#include "eval_report.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "bootstrap.hpp"
#include "json_out.hpp"
#include "metrics.hpp"

namespace {

std::string difference_text(const std::vector<double>& after, const std::vector<double>& before) {
  const auto [difference, low, high] = mean_difference(after, before);
  return fmt::format("{:+.4f} ({:+.4f} {:+.4f})", difference, low, high);
}

std::string row(const Order& order, const Measures& base, bool first) {
  const auto& [recall, ndcg] = order.measures;
  if (first)
    return fmt::format("{:<11} {:.4f} {:26} {:.4f}\n", order.name, mean(recall), "", mean(ndcg));
  return fmt::format("{:<11} {:.4f} {:<26} {:.4f} {}\n", order.name, mean(recall),
                     difference_text(recall, base.recall_at_5), mean(ndcg),
                     difference_text(ndcg, base.ndcg_at_10));
}

std::string measure_json(const std::string& key, const std::vector<double>& values,
                         const std::vector<double>& base) {
  const auto [difference, low, high] = mean_difference(values, base);
  return fmt::format(
      "\"{0}\":{1:.6f},\"{0}_difference\":[{2:.6f},{3:.6f},{4:.6f}],\"{0}_of_queries\":[{5:.6f}]",
      key, mean(values), difference, low, high, fmt::join(values, ","));
}

}  // namespace

std::string as_table(const EvalReport& report) {
  std::string table = fmt::format("{} {}: {} queries, {} pairs\n\n", report.data, report.split,
                                  report.queries, report.pairs);
  table += fmt::format("{:<11} {:<33} {}\n", "", "Recall@5", "nDCG@10");
  const Measures& base = report.orders.front().measures;
  for (const Order& order : report.orders)
    table += row(order, base, &order == &report.orders.front());
  table += fmt::format(
      "\nIn brackets: {} % interval of the difference to the candidates' order "
      "(paired bootstrap, {} resamples)\n",
      kConfidencePercent, kResamples);
  if (report.without_relevant > 0)
    table += fmt::format("{} more queries of the candidates have no relevant passage: left out\n",
                         report.without_relevant);
  if (report.unscored > 0)
    table += fmt::format("{} of {} pairs could not be scored: last, in the candidates' order\n",
                         report.unscored, report.pairs);
  if (report.seconds > 0)
    table += fmt::format("{} tokens in {:.1f} s: {:.0f} tokens/s, {:.1f} pairs/s\n", report.tokens,
                         report.seconds, static_cast<double>(report.tokens) / report.seconds,
                         static_cast<double>(report.pairs) / report.seconds);
  return table;
}

std::string as_json(const EvalReport& report) {
  std::string json = "{\"data\":";
  append_string(json, report.data);
  json += ",\"split\":";
  append_string(json, report.split);
  json += fmt::format(
      ",\"queries\":{},\"without_relevant\":{},\"pairs\":{},\"unscored\":{},\"tokens\":{},"
      "\"seconds\":{:.3f}",
      report.queries, report.without_relevant, report.pairs, report.unscored, report.tokens,
      report.seconds);
  const Measures& base = report.orders.front().measures;
  for (const auto& [name, measures] : report.orders)
    json += fmt::format(",\"{}\":{{{},{}}}", name,
                        measure_json("recall@5", measures.recall_at_5, base.recall_at_5),
                        measure_json("ndcg@10", measures.ndcg_at_10, base.ndcg_at_10));
  return json + "}\n";
}

void append_logits(std::string& lines, const std::string& data, const EvalQuery& query,
                   const std::vector<reranker::Hit>& hits) {
  std::vector<std::string> logits(hits.size());
  for (const auto& hit : hits) append_number(logits[hit.index], hit.logit);
  std::vector<bool> relevant;
  for (const auto& id : query.passage_ids) relevant.push_back(query.relevant.count(id) > 0);

  lines += "{\"set\":";
  append_string(lines, data);
  lines += ",\"query\":";
  append_string(lines, query.text);
  lines += fmt::format(",\"relevant\":[{}],\"num_relevant\":{}", fmt::join(relevant, ","),
                       query.relevant.size());
  lines += fmt::format(",\"logits\":[{}],\"scores\":[{}]}}\n", fmt::join(logits, ","),
                       fmt::join(query.first_stage, ","));
}
