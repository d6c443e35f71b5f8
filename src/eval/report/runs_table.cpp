#include <algorithm>
#include <tuple>

#include "eval/report/html.h"
#include "eval/report/labels.h"
#include "eval/report/sections.h"

namespace focusllm::eval::report {
namespace {

/// A run without the time at which each of its lines was written.
Run without_time(const Run& run) {
  Run timeless = run;
  timeless.time.clear();
  return timeless;
}

/// First and last time; ISO dates in UTC are in order as text.
std::pair<std::string, std::string> times_of(const Selection& records) {
  std::pair<std::string, std::string> times;
  for (const Record* record : records) {
    const std::string& time = record->run.time;
    if (time.empty()) continue;
    if (times.first.empty() || time < times.first) times.first = time;
    times.second = std::max(times.second, time);
  }
  return times;
}

std::string or_unknown(const std::string& text) {
  return text.empty() ? "not recorded" : text;
}

}  // namespace

std::string runs_table(const Selection& records) {
  Table table({"lines", "method", "sizes", "keys and values", "seed", "model", "model file", "model hash",
               "adapter hash", "machine", "threads", "kernels", "commit", "version", "first", "last"});
  const auto groups = group_by(records, [](const Record& record) {
    return std::tuple(without_time(record.run), record.setting, record.seed);
  });
  for (const auto& [key, group] : groups) {
    const auto& [run, setting, seed] = key;
    const auto [first, last] = times_of(group);
    const std::string sizes = sizes_text(setting);
    table.add({std::to_string(group.size()), setting.method, sizes.empty() ? "defaults" : sizes,
               setting.kv_type, seed.empty() ? "none" : seed, setting.model, or_unknown(run.model_file),
               or_unknown(run.model_hash), setting.adapter.empty() ? "none" : setting.adapter,
               or_unknown(run.machine), or_unknown(run.threads), or_unknown(run.isa), or_unknown(run.commit),
               or_unknown(run.version), or_unknown(first), or_unknown(last)});
  }
  return table.html();
}

}  // namespace focusllm::eval::report
