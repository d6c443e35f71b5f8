#pragma once

#include <string>

#include "eval/report/records.h"

namespace focusllm::eval::report {

/// A page that stands for itself (no scripts, nothing fetched), for people: every task with its charts and
/// tables, and where the results come from. Well-formed XHTML.
std::string report_page(const ResultSet& results);

}  // namespace focusllm::eval::report
