#pragma once

#include <map>
#include <string>
#include <vector>

#include "eval/report/records.h"

namespace focusllm::eval::report {

/// Short names of settings: the method, and what tells settings with the same method apart. Each has a number
/// by which it looks the same in all charts.
class Labels {
 public:
  explicit Labels(const std::vector<Record>& records);

  const std::string& of(const Setting& setting) const { return labels_.at(setting).name; }
  std::size_t style(const Setting& setting) const { return labels_.at(setting).style; }

 private:
  struct Label {
    std::string name;
    std::size_t style = 0;
  };
  std::map<Setting, Label> labels_;
};

/// "chunk 256, local 128": those sizes that are not the method's default.
std::string sizes_text(const Setting& setting);

}  // namespace focusllm::eval::report
