#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace focusllm::cli {

/// Adds `report` to the command `eval`.
void add_eval_report(CLI::App& eval);

/// Says on standard error which lines of a results file are left out, if there are any.
void tell_left_out(const std::string& name, const std::vector<std::int64_t>& lines);

}  // namespace focusllm::cli
