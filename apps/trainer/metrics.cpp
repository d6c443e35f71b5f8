#include "trainer/metrics.h"

#include <cerrno>
#include <cstring>
#include <span>

#include "base/error.h"
#include "base/output_file.h"
#include "base/python_json.h"

namespace focusllm::cli {
namespace {

std::string line_of(const Metrics::Record& record) {
  return record.dump() + "\n";
}

bool is_record(const Metrics::Record& record, std::int64_t step) {
  if (!record.is_object() || !record.contains("step")) return false;
  for (const char* key : {"seconds", "loss"})
    if (record.contains(key) && !record[key].is_number()) return false;
  return record["step"].is_number_integer() && record["step"].get<std::int64_t>() <= step;
}

}  // namespace

Metrics::Metrics(std::filesystem::path path, std::int64_t step) : path_(std::move(path)) {
  if (path_.empty()) return;
  if (step > 0) read(step);
  std::string kept;
  for (const Record& record : records_) kept += line_of(record);
  OutputFile file(path_);
  file.write(std::as_bytes(std::span(kept)));
  file.commit();
  file_.open(path_, std::ios::binary | std::ios::app);
  if (!file_) fail("{}: cannot write: {}", path_.string(), std::strerror(errno));
}

void Metrics::read(std::int64_t step) {
  std::ifstream file(path_, std::ios::binary);
  for (std::string line; std::getline(file, line);) {
    Record record = parse_json<Record>(line);
    if (is_record(record, step)) records_.push_back(std::move(record));
  }
}

void Metrics::add(Record record) {
  if (!path_.empty()) {
    errno = 0;
    file_ << line_of(record) << std::flush;
    if (!file_)
      fail("{}: cannot write: {}; make room and start this again: it goes on from its checkpoint",
           path_.string(), std::strerror(errno));
  }
  records_.push_back(std::move(record));
}

double Metrics::seconds() const {
  return records_.empty() ? 0 : records_.back().value("seconds", 0.0);
}

nlohmann::ordered_json losses_json(const train::Losses& losses) {
  nlohmann::ordered_json kinds = nlohmann::ordered_json::object();
  for (const auto& [kind, loss] : losses)
    if (loss.labels > 0) kinds[std::string(train::kind_name(kind))] = loss.mean();
  return {{"loss", all_of(losses).mean()}, {"losses", kinds}};
}

train::KindLoss all_of(const train::Losses& losses) {
  train::KindLoss all;
  for (const auto& [kind, loss] : losses) {
    all.sum += loss.sum;
    all.labels += loss.labels;
  }
  return all;
}

std::string losses_text(const train::Losses& losses) {
  std::string kinds;
  for (const auto& [kind, loss] : losses)
    if (loss.labels > 0)
      kinds += fmt::format("{}{} {:.3f}", kinds.empty() ? "" : ", ", train::kind_name(kind), loss.mean());
  return fmt::format("{:.3f} ({})", all_of(losses).mean(), kinds);
}

}  // namespace focusllm::cli
