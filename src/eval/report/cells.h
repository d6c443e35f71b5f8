#pragma once

#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "eval/report/records.h"
#include "eval/report/statistics.h"

namespace focusllm::eval::report {

/// Some records of a ResultSet, which outlives this.
using Selection = std::vector<const Record*>;

Selection all_of(const std::vector<Record>& records);

/// Records by a key, `key(record)`, in ascending order.
template <typename Key>
auto group_by(const Selection& records, Key key) {
  std::map<std::decay_t<decltype(key(*records.front()))>, Selection> groups;
  for (const Record* record : records) groups[key(*record)].push_back(record);
  return groups;
}

/// Those for which `keep(record)` holds.
template <typename Keep>
Selection select(const Selection& records, Keep keep) {
  Selection selected;
  for (const Record* record : records)
    if (keep(*record)) selected.push_back(record);
  return selected;
}

/// Some records in numbers. Times, rates and memory are medians of what was measured.
struct Cell {
  Estimate estimate;           ///< of scores, or of perplexity
  bool is_perplexity = false;  ///< of which of the two
  std::optional<double> first_token_seconds, read_rate, generate_rate, memory_bytes;
  std::map<std::string, std::size_t> errors;  ///< how often for which reason

  std::size_t error_count() const;
};

Cell summarize(const Selection& records);

/// Whether a task's results are perplexities; else they are scores.
bool has_perplexity(const Selection& records);

}  // namespace focusllm::eval::report
