#include "eval/report/cells.h"

#include <algorithm>

namespace focusllm::eval::report {
namespace {

std::vector<double> values(const Selection& records, std::optional<double> Record::*field) {
  std::vector<double> values;
  for (const Record* record : records)
    if (record->*field) values.push_back(*(record->*field));
  return values;
}

}  // namespace

Selection all_of(const std::vector<Record>& records) {
  Selection all;
  for (const Record& record : records) all.push_back(&record);
  return all;
}

std::size_t Cell::error_count() const {
  std::size_t count = 0;
  for (const auto& [reason, times] : errors) count += times;
  return count;
}

Cell summarize(const Selection& records) {
  Cell cell;
  const auto nlls = values(records, &Record::nll), scores = values(records, &Record::score);
  cell.is_perplexity = !nlls.empty();
  cell.estimate = cell.is_perplexity ? perplexity_estimate(nlls) : score_estimate(scores);
  cell.first_token_seconds = median(values(records, &Record::first_token_seconds));
  cell.read_rate = median(values(records, &Record::read_rate));
  cell.generate_rate = median(values(records, &Record::generate_rate));
  cell.memory_bytes = median(values(records, &Record::memory_bytes));
  for (const Record* record : records)
    if (!record->error.empty()) ++cell.errors[record->error];
  return cell;
}

bool has_perplexity(const Selection& records) {
  return std::any_of(records.begin(), records.end(), [](const Record* record) {
    return record->nll || (!record->score && record->task == kPerplexity);
  });
}

}  // namespace focusllm::eval::report
