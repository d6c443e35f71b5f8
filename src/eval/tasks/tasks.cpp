#include "eval/tasks/tasks.h"

#include <algorithm>
#include <array>

#include <fmt/ranges.h>

#include "base/error.h"
#include "eval/names_of.h"
#include "eval/run.h"

namespace focusllm::eval {
namespace {

struct Named {
  const char* name;
  std::vector<TaskPointer> (*make)(const TaskSetup& setup);
};

constexpr std::array kTasks = {
    Named{"passkey", passkey_tasks},
    Named{"number", number_tasks},
    Named{"kv", kv_tasks},
    Named{"needle", needle_tasks},
    Named{"multikey", multikey_tasks},
    Named{"multikey-lines", needle_lines_tasks},
    Named{"multivalue", multivalue_tasks},
    Named{"multiquery", multiquery_tasks},
    Named{"vt", variable_tracking_tasks},
    Named{"cwe", common_words_tasks},
    Named{"fwe", frequent_words_tasks},
    Named{"facts", facts_tasks},
    Named{"paraphrase", paraphrase_tasks},
    Named{"absent", absent_tasks},
};

}  // namespace

const std::vector<std::string>& generated_tasks() {
  static const std::vector<std::string> kNames = names_of(kTasks);
  return kNames;
}

std::vector<TaskPointer> make_tasks(const std::string& name, const Tokenizer& tokenizer, const Plan& plan) {
  const auto found =
      std::find_if(kTasks.begin(), kTasks.end(), [&](const Named& one) { return name == one.name; });
  if (found == kTasks.end()) {
    throw UsageError(
        fmt::format("'{}' is no generated task: there are {}", name, fmt::join(generated_tasks(), ", ")));
  }
  TaskSetup setup{tokenizer, plan, {}};
  for (const NamedText& text : plan.texts)
    setup.haystacks.push_back(std::make_shared<const Haystack>(tokenizer, text));
  if (setup.haystacks.empty())
    setup.haystacks.push_back(std::make_shared<const Haystack>(tokenizer, NamedText{}));
  return found->make(setup);
}

}  // namespace focusllm::eval
