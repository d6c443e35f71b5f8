#pragma once

#include <memory>
#include <string>
#include <vector>

#include "eval/haystack.h"
#include "eval/plan.h"
#include "eval/task.h"

namespace focusllm::eval {

using TaskPointer = std::shared_ptr<const Task>;

/// What tasks are made from. The tokenizer outlives them.
struct TaskSetup {
  const Tokenizer& tokenizer;
  const Plan& plan;
  std::vector<std::shared_ptr<const Haystack>> haystacks;  ///< the plan's texts, or the published filler
};

/// The forms of a generated task (layouts, haystacks, needles). Throws UsageError for a name that is none.
std::vector<TaskPointer> make_tasks(const std::string& name, const Tokenizer& tokenizer, const Plan& plan);

// The tasks, one file each.

std::vector<TaskPointer> passkey_tasks(const TaskSetup& setup);
std::vector<TaskPointer> number_tasks(const TaskSetup& setup);
/// InfiniteBench's Retrieve.KV, after Lost in the Middle (arXiv 2307.03172): a JSON object of UUIDs, one of
/// whose values is asked for.
std::vector<TaskPointer> kv_tasks(const TaskSetup& setup);
/// One sentence in a haystack, in each of the plan's forms.
std::vector<TaskPointer> needle_tasks(const TaskSetup& setup);
// RULER (arXiv 2404.06654): several needles in a haystack.
std::vector<TaskPointer> multikey_tasks(const TaskSetup& setup);    ///< of 4 keys one is asked for
std::vector<TaskPointer> multivalue_tasks(const TaskSetup& setup);  ///< one key with 4 values
std::vector<TaskPointer> multiquery_tasks(const TaskSetup& setup);  ///< of 4 keys all are asked for
/// Of lines that differ in key and number alone, one is asked for (niah_multikey_2).
std::vector<TaskPointer> needle_lines_tasks(const TaskSetup& setup);
// RULER's other generated tasks.
std::vector<TaskPointer> variable_tracking_tasks(const TaskSetup& setup);  ///< 1 chain
std::vector<TaskPointer> common_words_tasks(const TaskSetup& setup);    ///< the 10 words that come 30 times
std::vector<TaskPointer> frequent_words_tasks(const TaskSetup& setup);  ///< the 3 most frequent of a zeta law

// Twelve sentences about people in a haystack, each of them asked for.
std::vector<TaskPointer> facts_tasks(const TaskSetup& setup);       ///< by the person's name
std::vector<TaskPointer> paraphrase_tasks(const TaskSetup& setup);  ///< for the person, in other words
std::vector<TaskPointer> absent_tasks(const TaskSetup& setup);      ///< of what the text does not say

}  // namespace focusllm::eval
