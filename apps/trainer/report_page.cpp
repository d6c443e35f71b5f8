#include "trainer/report_page.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "eval/report/html.h"

namespace focusllm::cli {
namespace {

using eval::report::Chart;
using eval::report::Series;

constexpr const char* kKinds[] = {"continuation", "repetition", "retrieval"};

/// The same colour for a kind of samples in all charts.
std::size_t style_of(const std::string& name) {
  return static_cast<std::size_t>(std::find(std::begin(kKinds), std::end(kKinds), name) - std::begin(kKinds));
}

double number(const Metrics::Record& record, const char* key) {
  const auto found = record.find(key);
  return found != record.end() && found->is_number() ? found->get<double>() : 0;
}

/// A line whose name says its last value.
Series series_of(const std::string& name, std::size_t style, const Points& points, bool dots = false) {
  const std::string last = points.empty() ? "" : fmt::format(" {:.4g}", points.back().y);
  return {name + last, style, points, dots};
}

/// The curves of one kind of records: "loss" for all, and each kind that there is.
class Curves {
 public:
  void add(double step, const Metrics::Record& losses) {
    if (losses.contains("loss")) points_["all"].push_back({step, number(losses, "loss")});
    const auto kinds = losses.find("losses");
    if (kinds == losses.end() || !kinds->is_object()) return;
    for (const char* kind : kKinds)
      if (kinds->contains(kind)) points_[kind].push_back({step, number(*kinds, kind)});
  }

  std::vector<Series> series(double smoothing, bool dots) const {
    std::vector<Series> result;
    for (const auto& [name, points] : points_)
      result.push_back(series_of(name, style_of(name), smooth(points, smoothing), dots));
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
    read.learning_rate.push_back({step, number(record, "learning_rate")});
    read.gradient.push_back({step, number(record, "gradient_norm")});
  }
  return read;
}

std::string table(const std::vector<std::pair<std::string, std::string>>& facts) {
  eval::report::Table table({"setting", "value"});
  for (const auto& [name, value] : facts) table.add({name, value});
  return table.empty() ? "" : table.html();
}

std::string chart(const std::string& title, const std::string& unit, std::vector<Series> series) {
  Chart chart;
  chart.title = title;
  chart.unit = unit;
  chart.series = std::move(series);
  return draw(chart);
}

}  // namespace

Points smooth(const Points& points, double steps) {
  const double keep = 1 - 1 / std::max(steps, 1.0);
  Points result;
  double sum = 0, weight = 0;
  for (const auto& point : points) {
    sum = keep * sum + point.y;
    weight = keep * weight + 1;
    result.push_back({point.x, sum / weight});
  }
  return result;
}

std::string report_page(const std::string& title,
                        const std::vector<std::pair<std::string, std::string>>& facts,
                        const std::vector<Metrics::Record>& records) {
  const Read curves = read(records);
  const double smoothing = std::clamp(static_cast<double>(curves.learning_rate.size()) / 20, 1.0, 50.0);
  const std::string charts =
      chart("Training loss", fmt::format("per label, mean of about {:.0f} steps", smoothing),
            curves.training.series(smoothing, false)) +
      chart("Validation loss", "per label", curves.validation.series(1, true)) +
      chart("Learning rate", "", {series_of("learning rate", style_of("all"), curves.learning_rate)}) +
      chart("Gradient", "norm", {series_of("norm", style_of("continuation"), curves.gradient)});
  return eval::report::html_page(title, eval::report::chart_grid(charts) + table(facts));
}

}  // namespace focusllm::cli
