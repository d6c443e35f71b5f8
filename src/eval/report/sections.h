#pragma once

#include <string>

#include "eval/report/cells.h"
#include "eval/report/labels.h"

namespace focusllm::eval::report {

// Parts of the page, as HTML.

/// One variant of a task with scores: heatmaps by length and depth, scores by length, speed, and the numbers.
std::string score_section(const Selection& records, const Labels& labels);
/// A task with perplexities, all variants: by length of the memory, and paired differences to no memory.
std::string perplexity_section(const Selection& records, const Labels& labels);
/// Where the results come from: a row for each machine, program, model, method and seed.
std::string runs_table(const Selection& records);

}  // namespace focusllm::eval::report
