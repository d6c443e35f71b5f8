#pragma once

#include <functional>
#include <string>
#include <vector>

#include "eval/report/cells.h"
#include "eval/report/chart.h"
#include "eval/report/labels.h"

namespace focusllm::eval::report {

/// A cell's value, or nothing; its x does not matter.
using PointOf = std::function<std::optional<Point>(const Cell& cell)>;

/// A series for each setting: a point for each length that has one. Settings without any are left out.
std::vector<Series> series_by_length(const Selection& records, const Labels& labels, const PointOf& point_of);

/// Charts of the time to the first token, the rates of reading and generating, and the memory, by length and
/// setting; those of which nothing was measured are left out. HTML.
std::string speed_charts(const Selection& records, const Labels& labels);

/// The same in numbers, with the estimates: a row for each variant, setting and length,
/// and for scores one for all lengths that have any. HTML.
std::string table_by_length(const Selection& records, const Labels& labels);

/// What has no result, and why: a row for each setting, length and reason; empty if there is none. HTML.
std::string error_table(const Selection& records, const Labels& labels);

}  // namespace focusllm::eval::report
