#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "eval/chance.h"

namespace focusllm::eval {

// What the tasks facts, absent and paraphrase hide and ask for: none of it is in the texts that a model is
// calibrated with (src/engine/calibration) or that an adapter is trained with (src/data).

/// "Ilka Brandvold": first and last name are no one else's among `count`.
std::vector<std::string> draw_people(Chance& chance, std::size_t count);

/// Something that can be said of a person.
struct FactForm {
  std::string_view fact;       ///< {0}: the person, {1}: the value
  std::string_view question;   ///< {0}: the person
  std::string_view values[6];  ///< none: a number
};
std::span<const FactForm> fact_forms();
/// One of its values, or a number of three to five digits.
std::string draw_value(Chance& chance, const FactForm& form);

/// A sentence about a person, and a question for the person that has no word of it.
struct Paraphrase {
  std::string_view fact;  ///< {0}: the person
  std::string_view question;
};
std::span<const Paraphrase> paraphrases();

}  // namespace focusllm::eval
