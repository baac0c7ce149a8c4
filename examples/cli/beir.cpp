#include "beir.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <istream>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "failure.hpp"
#include "gzip_stream.hpp"
#include "json_lines.hpp"

namespace {

namespace fs = std::filesystem;

fs::path plain_or_gz(const fs::path& path) {
  fs::path packed = path.string() + ".gz";
  std::error_code error, error_of_packed;
  if (fs::exists(path, error)) return path;
  if (fs::exists(packed, error_of_packed)) return packed;
  throw input_failure(
      fmt::format("{}: {}", path.string(), error ? error.message() : "not there, nor with .gz"));
}

std::vector<std::string> split_tabs(const std::string& line) {
  std::vector<std::string> fields(1);
  for (const char c : line) {
    if (c == '\t')
      fields.emplace_back();
    else if (c != '\r')
      fields.back() += c;
  }
  return fields;
}

/// All of `text` as a number.
template <typename Number>
std::optional<Number> number_in(const std::string& text) {
  Number number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stop == end ? std::optional(number) : std::nullopt;
}

float read_score(const std::string& text) {
  const auto score = static_cast<float>(number_in<double>(text).value_or(std::nan("")));
  if (!std::isfinite(score))
    throw input_failure(fmt::format("'{}' found, a finite number wanted", text));
  return score;
}

int read_whole(const std::string& text) {
  const auto number = number_in<int>(text);
  if (!number)
    throw input_failure(fmt::format("'{}' found, a whole number of 32 bits wanted", text));
  return *number;
}

/// `read`, with the file's name before what it throws.
void with_file(const fs::path& path, const std::function<void(std::istream&)>& read) {
  GzipStream stream(path);
  try {
    read(stream);
  } catch (const Failure& failure) {
    throw input_failure(fmt::format("{}: {}", path.string(), failure.what()));
  }
}

using Row = std::vector<std::string>;

void for_each_row(const fs::path& path, std::size_t num_fields,
                  const std::function<void(std::size_t line, const Row&)>& take) {
  with_file(path, [&](std::istream& stream) {
    std::string text;
    for (std::size_t line = 1; std::getline(stream, text); ++line) {
      try {
        const Row row = split_tabs(text);
        if (row.size() != num_fields)
          throw input_failure(
              fmt::format("{} fields found, {} separated by tabs wanted", row.size(), num_fields));
        take(line, row);
      } catch (const Failure& failure) {
        throw input_failure(fmt::format("line {}: {}", line, failure.what()));
      }
    }
  });
}

using Queries = std::vector<EvalQuery>;

Queries read_candidates(const fs::path& path) {
  Queries queries;
  std::unordered_map<std::string, std::size_t> position;
  std::set<std::pair<std::size_t, std::string>> seen;
  std::vector<int> ranks;  // of each query's last candidate
  for_each_row(path, 4, [&](std::size_t, const Row& row) {
    const auto [found, added] = position.emplace(row[0], queries.size());
    if (added) {
      queries.emplace_back().id = row[0];
      ranks.push_back(std::numeric_limits<int>::min());
    }
    if (!seen.emplace(found->second, row[1]).second)
      throw input_failure(
          fmt::format("passage '{}' found a second time for query '{}', one row "
                      "wanted",
                      row[1], row[0]));
    const int rank = read_whole(row[2]);
    if (rank <= ranks[found->second])
      throw input_failure(fmt::format("rank {} found after {} of query '{}', best first wanted",
                                      rank, ranks[found->second], row[0]));
    ranks[found->second] = rank;
    EvalQuery& query = queries[found->second];
    query.passage_ids.push_back(row[1]);
    query.first_stage.push_back(read_score(row[3]));
  });
  return queries;
}

/// Evenly spaced, so that a subset is the same in every run and spans the whole set.
Queries take_evenly(Queries queries, std::size_t limit) {
  if (limit == 0 || limit >= queries.size()) return queries;
  Queries taken;
  for (std::size_t i = 0; i < limit; ++i)
    taken.push_back(std::move(queries[i * queries.size() / limit]));
  return taken;
}

void read_relevant(const fs::path& path, Queries& queries) {
  std::unordered_map<std::string, EvalQuery*> by_id;
  std::map<std::pair<EvalQuery*, std::string>, int> seen;
  for (auto& query : queries) by_id[query.id] = &query;
  for_each_row(path, 3, [&](std::size_t line, const Row& row) {
    if (line == 1 && number_in<double>(row[2]))
      throw input_failure(fmt::format("'{}' found, a header wanted", row[2]));
    if (line == 1) return;
    const auto found = by_id.find(row[0]);
    const int gain = read_whole(row[2]);
    if (found == by_id.end()) return;
    EvalQuery* query = found->second;
    if (const int other = seen.emplace(std::pair(query, row[1]), gain).first->second; other != gain)
      throw input_failure(fmt::format("gain {} found for query '{}' and passage '{}', which had {}",
                                      gain, row[0], row[1], other));
    if (gain > 0) query->relevant[row[1]] = gain;
  });
}

/// Neither measure is defined of a query without a relevant passage. Returns how many went.
std::size_t drop_without_relevant(Queries& queries) {
  const auto kept = std::remove_if(queries.begin(), queries.end(),
                                   [](const EvalQuery& query) { return query.relevant.empty(); });
  const auto dropped = static_cast<std::size_t>(queries.end() - kept);
  queries.erase(kept, queries.end());
  return dropped;
}

void for_each_json(const fs::path& path, const std::function<void(const JsonObject&)>& take) {
  with_file(path, [&](std::istream& stream) { for_each_json_line(stream, take); });
}

void read_query_texts(const fs::path& path, Queries& queries) {
  std::unordered_map<std::string, std::string> texts;
  for_each_json(path, [&](const JsonObject& object) {
    const std::string_view id = string_field(object, "_id");
    if (!texts.emplace(id, string_field(object, "text")).second)
      throw input_failure(fmt::format("query '{}' found a second time", id));
  });
  for (auto& query : queries) {
    const auto found = texts.find(query.id);
    if (found == texts.end())
      throw input_failure(fmt::format("{}: no query '{}' found", path.string(), query.id));
    query.text = found->second;
  }
}

std::string passage_text(const JsonObject& object) {
  const std::string_view text = string_field(object, "text");
  const std::string_view title = has_field(object, "title") ? string_field(object, "title") : "";
  if (title.empty() || text.substr(0, title.size()) == title) return std::string(text);
  return fmt::format("{}\n{}", title, text);
}

std::map<std::string, std::string> read_passages(const fs::path& path, const Queries& queries) {
  std::set<std::string> missing;
  for (const auto& query : queries)
    missing.insert(query.passage_ids.begin(), query.passage_ids.end());
  std::map<std::string, std::string> passages;
  for_each_json(path, [&](const JsonObject& object) {
    const std::string id(string_field(object, "_id"));
    if (passages.count(id) != 0)
      throw input_failure(fmt::format("passage '{}' found a second time", id));
    if (missing.erase(id) != 0) passages.emplace(id, passage_text(object));
  });
  if (!missing.empty())
    throw input_failure(fmt::format("{}: {} of the candidates' passages not found, '{}' is one",
                                    path.string(), missing.size(), *missing.begin()));
  return passages;
}

}  // namespace

EvalSet read_eval_set(const fs::path& folder, const std::string& split, const fs::path& candidates,
                      std::size_t limit) {
  EvalSet set;
  set.queries = read_candidates(candidates);
  if (set.queries.empty())
    throw input_failure(fmt::format("{}: no candidates found", candidates.string()));
  const fs::path qrels = plain_or_gz(folder / "qrels" / (split + ".tsv"));
  read_relevant(qrels, set.queries);
  set.without_relevant = drop_without_relevant(set.queries);
  if (set.queries.empty())
    throw input_failure(fmt::format("{}: no relevant passage found for any of the {} queries of {}",
                                    qrels.string(), set.without_relevant, candidates.string()));
  set.queries = take_evenly(std::move(set.queries), limit);
  read_query_texts(plain_or_gz(folder / "queries.jsonl"), set.queries);
  set.passages = read_passages(plain_or_gz(folder / "corpus.jsonl"), set.queries);
  return set;
}
