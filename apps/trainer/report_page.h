#pragma once

#include <string>
#include <utility>
#include <vector>

#include "eval/report/chart.h"
#include "trainer/metrics.h"

namespace focusllm::cli {

/// A page that stands for itself (no scripts, nothing fetched): the curves of a run and what it was told.
/// Well-formed XHTML. `facts` are pairs of a name and a value.
std::string report_page(const std::string& title,
                        const std::vector<std::pair<std::string, std::string>>& facts,
                        const std::vector<Metrics::Record>& records);

using Points = std::vector<eval::report::Point>;
/// An exponential mean over about `steps` points, without a bias towards the first one.
Points smooth(const Points& points, double steps);

}  // namespace focusllm::cli
