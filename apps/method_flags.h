#pragma once

#include <string>

#include "focusllm/session.h"

namespace CLI {
class App;
}  // namespace CLI

namespace focusllm::cli {

/// How the text is kept: the method, and its settings as the table of methods has them.
struct ContextFlags {
  ContextOptions values;
  std::string kv_type = "auto";

  /// with_method: also --method, for one method.
  void add_to(CLI::App& app, bool with_method = true);
  ContextOptions options() const;
};

/// What a setting is, which methods take it, and its usual value where that is one.
std::string describe(const Setting& setting);

}  // namespace focusllm::cli
