#pragma once

#include <string>
#include <vector>

#include "eval/report/records.h"

namespace focusllm::eval {

/// Tables of results: the mean score in percent of each task, setting, variant and length, with the sums of
/// scores by depth where there is one needle; perplexity by memory, with the difference to no memory over the
/// same windows and its 95 % interval.
std::string summary(const std::vector<report::Record>& records);

}  // namespace focusllm::eval
