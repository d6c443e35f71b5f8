#pragma once

namespace CLI {
class App;
}

namespace focusllm::cli {

/// Adds `report` to the command `eval`.
void add_eval_report(CLI::App& eval);

}  // namespace focusllm::cli
