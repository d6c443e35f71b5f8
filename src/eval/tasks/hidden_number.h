#pragma once

#include <memory>

#include "eval/chance.h"
#include "eval/haystack.h"
#include "eval/task.h"

namespace focusllm::eval {

/// A number in a line somewhere in filler, asked for at the end.
struct HiddenNumber {
  std::string task;  ///< the sentence that says what to do
  std::string name;  ///< of the number
  std::string (*draw)(Chance& chance);
};
/// The passkey of Mohtashami and Jaggi (arXiv 2305.16300): 1 to 49999.
HiddenNumber passkey_number();
/// InfiniteBench's Retrieve.Number: ten digits of which five repeat the one before.
HiddenNumber number_string();

class HiddenNumberTask : public Task {
 public:
  /// distractors: lines of the same form about other numbers under other names. Throws UsageError when there
  /// are not so many names.
  HiddenNumberTask(std::shared_ptr<const Haystack> haystack, HiddenNumber number, Layout layout,
                   int distractors);
  std::string variant() const override;
  bool has_depth() const override { return true; }
  Prompt make(const Case& which) const override;

 private:
  Prompt with_filler(std::int64_t total, double depth, const std::string& line) const;
  Prompt in_haystack(std::int64_t total, double depth, const std::string& line, std::uint64_t seed) const;

  std::shared_ptr<const Haystack> haystack_;
  HiddenNumber number_;
  Layout layout_;
  int distractors_;
};

}  // namespace focusllm::eval
