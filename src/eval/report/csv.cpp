#include "eval/report/csv.h"

#include <cmath>
#include <tuple>

#include <fmt/format.h>

#include "eval/report/cells.h"
#include "eval/report/labels.h"

namespace focusllm::eval::report {
namespace {

constexpr const char* kHead =
    "task,parameters,variant,model,adapter,method,sizes,kv_type,length,depth,measure,n,mean,low,high,"
    "interval,"
    "first_token_seconds,read_tokens_per_second,generate_tokens_per_second,memory_bytes,errors,why\n";

std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string result = "\"";
  for (const char c : text) result += c == '"' ? std::string("\"\"") : std::string(1, c);
  return result + "\"";
}

std::string number(std::optional<double> value) {
  return value && std::isfinite(*value) ? fmt::format("{:.10g}", *value) : "";
}

std::string reasons(const Cell& cell) {
  std::string text;
  for (const auto& [reason, times] : cell.errors) text += (text.empty() ? "" : "; ") + reason;
  return text;
}

std::string row(const Record& first, const Cell& cell) {
  const Estimate& estimate = cell.estimate;
  const bool interval = estimate.kind != IntervalKind::none;
  const std::vector<std::string> fields = {
      first.task,
      first.parameters,
      first.variant,
      first.setting.model,
      first.setting.adapter,
      first.setting.method,
      sizes_text(first.setting),
      first.setting.kv_type,
      std::to_string(first.length),
      number(first.depth),
      cell.is_perplexity || first.task == kPerplexity ? "perplexity" : "score",
      std::to_string(estimate.count),
      number(estimate.mean),
      interval ? number(estimate.low) : "",
      interval ? number(estimate.high) : "",
      interval_name(estimate.kind),
      number(cell.first_token_seconds),
      number(cell.read_rate),
      number(cell.generate_rate),
      number(cell.memory_bytes),
      std::to_string(cell.error_count()),
      reasons(cell),
  };
  std::string line;
  for (const std::string& field : fields) line += (line.empty() ? "" : ",") + quoted(field);
  return line + "\n";
}

}  // namespace

std::string report_csv(const ResultSet& results) {
  std::string text = kHead;
  const auto groups = group_by(all_of(results.records), [](const Record& record) {
    return std::tuple(record.task, record.parameters, record.variant, record.setting, record.length,
                      record.depth);
  });
  for (const auto& [key, group] : groups) text += row(*group.front(), summarize(group));
  return text;
}

}  // namespace focusllm::eval::report
