#pragma once

#include <string>

#include "eval/report/records.h"

namespace focusllm::eval::report {

/// A row for each task with its parameters, variant, setting, length and depth, under a row of names; RFC
/// 4180, with \n. Sizes are "name value" with commas between them. Scores and their intervals are from 0 to
/// 1; perplexities as they are; times in seconds, rates in tokens per second, memory in bytes, each a median.
/// What is not known is empty.
std::string report_csv(const ResultSet& results);

}  // namespace focusllm::eval::report
