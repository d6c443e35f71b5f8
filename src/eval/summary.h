#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace focusllm::eval {

/// Tables of results: the mean score in percent of each task, variant, method and length, with the sums of
/// scores by depth where there is one needle; for perplexity the mean by memory, and the difference to no
/// memory over the same tokens with its 95 % interval.
std::string summary(const std::vector<nlohmann::ordered_json>& lines);

/// Mean and half the width of the 95 % interval (Student's t) of some differences.
struct Interval {
  double mean = 0, half_width = 0;
};
Interval interval_of(const std::vector<double>& values);

}  // namespace focusllm::eval
