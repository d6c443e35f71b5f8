#include "eval/results.h"

#include <ctime>

#include <fmt/chrono.h>

#include "base/error.h"
#include "eval/report/fields.h"

namespace focusllm::eval {
namespace {

constexpr std::string_view kBeginning = R"({"identity":)";  // of every line that add() writes

std::string utc_time() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

/// Whether `text` can be the beginning of a line of ours that was cut.
bool may_be_cut(std::string_view text, bool behind_results) {
  const auto common = std::min(text.size(), kBeginning.size());
  return text.substr(0, common) == kBeginning.substr(0, common) &&
         (behind_results || common == kBeginning.size());
}

}  // namespace

Results::Results(const std::filesystem::path& path) : file_(path) {
  load();
}

void Results::load() {
  const std::string text = file_.read();
  report::Lines lines = report::read_lines(
      text, file_.name(), [this](const Json& line, const std::string& where) { take(line, where); });
  const bool cut = lines.end < text.size();
  const bool any = !records_.all().empty();
  if (!any && (!lines.left_out.empty() || (!text.empty() && !cut)))
    report::reject_line(
        fmt::format("{}: line {}", file_.name(), lines.left_out.empty() ? 1 : lines.left_out[0]));
  left_out_ = std::move(lines.left_out);
  if (!cut) return;
  if (!may_be_cut(std::string_view(text).substr(lines.end), any))
    report::reject_line(fmt::format("{}: line {}", file_.name(), lines.count));
  file_.keep(lines.end);
}

void Results::take(const Json& line, const std::string& where) {
  const std::string error = records_.add(line, where).error;
  errors_[report::key_of(line.at("identity"))] = error;
}

bool Results::has(const Json& identity) const {
  const auto found = errors_.find(report::key_of(identity));
  return found != errors_.end() && found->second.empty();
}

void Results::add(const Json& identity, const Json& outcome) {
  const auto known = errors_.find(report::key_of(identity));
  if (known != errors_.end() && outcome.contains("error") && outcome.at("error") == known->second) return;
  Json line = {{"identity", identity}};
  line.update(outcome);
  if (!run_.is_null()) {
    line["run"] = run_;
    line["run"]["time"] = utc_time();
  }
  const std::string text = report::key_of(line);
  file_.append(text + "\n");
  take(Json::parse(text), "this result");
}

}  // namespace focusllm::eval
