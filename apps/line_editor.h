#pragma once

#include <memory>
#include <optional>
#include <string>

namespace focusllm::cli {

/// Questions line by line: on a terminal with editing and a history that is kept in
/// $XDG_STATE_HOME/focusllm/history (readable by its owner only), else just lines. They are UTF-8, whatever
/// the locale says.
class LineEditor {
 public:
  LineEditor();
  ~LineEditor();

  /// The next line without its end; nothing at the end of the input (Ctrl-D). Throws Cancelled on Ctrl-C.
  std::optional<std::string> read();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;  ///< null when nobody types
};

}  // namespace focusllm::cli
