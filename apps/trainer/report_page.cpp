#include "trainer/report_page.h"

#include <algorithm>
#include <map>
#include <span>

#include <fmt/format.h>

#include "gguf/output_file.h"
#include "trainer/chart.h"

namespace focusllm::cli {
namespace {

constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --text: #1d2430; --soft: #6a7383; --back: #ffffff; --grid: #e4e7ec;
  --a: #2f6fde; --b: #d9731a; --c: #1f9d61; --d: #8a4fd0; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e9ef; --soft: #97a1b2; --back: #14181f; --grid: #2a313c;
  --a: #6ea0ff; --b: #ffa45c; --c: #5fd39b; --d: #bf94ff; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back); max-width: 60rem;
  margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.3rem; } figure { margin: 1.5rem 0; } small, td:first-child { color: var(--soft); }
svg { width: 100%; height: auto; display: block; } svg text { font-size: 11px; fill: var(--soft); }
.left { text-anchor: end; } .below { text-anchor: middle; } .grid { stroke: var(--grid); }
polyline { fill: none; stroke-width: 1.6; stroke: currentColor; } circle { fill: currentColor; }
.all { color: var(--d); } .continuation { color: var(--a); } .repetition { color: var(--b); }
.retrieval { color: var(--c); } .legend { float: right; } td { padding: 0 1.5rem 0 0; vertical-align: top; }
)";

constexpr const char* kKinds[] = {"continuation", "repetition", "retrieval"};

using Points = std::vector<std::pair<double, double>>;

double number(const Metrics::Record& record, const char* key) {
  const auto found = record.find(key);
  return found != record.end() && found->is_number() ? found->get<double>() : 0;
}

/// The curves of one kind of records: "loss" for all, and each kind that there is.
class Curves {
 public:
  void add(double step, const Metrics::Record& losses) {
    if (losses.contains("loss")) points_["all"].emplace_back(step, number(losses, "loss"));
    const auto kinds = losses.find("losses");
    if (kinds == losses.end() || !kinds->is_object()) return;
    for (const char* kind : kKinds)
      if (kinds->contains(kind)) points_[kind].emplace_back(step, number(*kinds, kind));
  }

  std::vector<Series> series(double smoothing, bool dots) const {
    std::vector<Series> result;
    for (const auto& [name, points] : points_)
      result.push_back({name, name, smooth(points, smoothing), dots});
    return result;
  }

 private:
  std::map<std::string, Points> points_;
};

struct Read {
  Curves training, validation;
  Points learning_rate, gradient;
};

Read read(const std::vector<Metrics::Record>& records) {
  Read read;
  for (const Metrics::Record& record : records) {
    const double step = number(record, "step");
    if (const auto validation = record.find("validation"); validation != record.end()) {
      read.validation.add(step, *validation);
      continue;
    }
    read.training.add(step, record);
    read.learning_rate.emplace_back(step, number(record, "learning_rate"));
    read.gradient.emplace_back(step, number(record, "gradient_norm"));
  }
  return read;
}

std::string table(const std::vector<std::pair<std::string, std::string>>& facts) {
  std::string rows;
  for (const auto& [name, value] : facts)
    rows += fmt::format("<tr><td>{}</td><td>{}</td></tr>\n", escape_html(name), escape_html(value));
  return rows.empty() ? "" : "<table>\n" + rows + "</table>\n";
}

}  // namespace

std::string report_page(const std::string& title,
                        const std::vector<std::pair<std::string, std::string>>& facts,
                        const std::vector<Metrics::Record>& records) {
  const Read curves = read(records);
  const double smoothing = std::clamp(static_cast<double>(curves.learning_rate.size()) / 20, 1.0, 50.0);
  const std::string charts =
      chart("Training loss", fmt::format("per label, mean of about {:.0f} steps", smoothing),
            curves.training.series(smoothing, false)) +
      chart("Validation loss", "per label", curves.validation.series(1, true)) +
      chart("Learning rate", "", {{"learning rate", "all", curves.learning_rate}}) +
      chart("Gradient", "norm", {{"norm", "continuation", curves.gradient}});
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n<meta "
      "charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" "
      "content=\"width=device-width\"/>\n<title>{0}</title>\n<style>{1}</style>\n</head>\n"
      "<body>\n<h1>{0}</h1>\n{2}{3}</body>\n</html>\n",
      escape_html(title), kStyle, charts, table(facts));
}

void write_page(const std::filesystem::path& path, const std::string& page) {
  gguf::OutputFile file(path);
  file.write(std::as_bytes(std::span(page)));
  file.commit();
}

}  // namespace focusllm::cli
