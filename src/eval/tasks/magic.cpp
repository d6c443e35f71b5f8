#include "eval/tasks/magic.h"

#include <fmt/ranges.h>

#include "eval/tasks/draw.h"
#include "eval/tasks/words.h"

namespace focusllm::eval {
namespace {

constexpr int kMagicDigits = 7;

std::string listed(const std::vector<std::string>& keys) {
  if (keys.size() == 1) return keys.front();
  return fmt::format("{}, and {}", fmt::join(keys.begin(), keys.end() - 1, ", "), keys.back());
}

}  // namespace

std::string draw_magic_value(Chance& chance, const std::string& kind) {
  if (kind == "words") return draw_word_pair(chance);
  return kind == "uuids" ? draw_uuid(chance) : draw_number(chance, kMagicDigits);
}

std::string magic_line(const std::string& kind, const std::string& key, const std::string& value) {
  return fmt::format("One of the special magic {} for {} is: {}.", kind, key, value);
}

MagicWords magic_words(const std::string& kind, const std::vector<std::string>& keys,
                       std::size_t values_each) {
  const bool one = keys.size() * values_each == 1;
  const std::string what = one ? kind.substr(0, kind.size() - 1) : kind;
  const std::string query = listed(keys);
  return {fmt::format("{} special magic {} {} hidden within the following text. Make sure to memorize it. I "
                      "will quiz you about the {} afterwards.\n",
                      one ? "A" : "Some", what, one ? "is" : "are", what),
          fmt::format("What {} special magic {} for {} mentioned in the provided text?",
                      one ? "is the" : "are all the", what, query),
          fmt::format("The special magic {} for {} mentioned in the provided text {}", what, query,
                      one ? "is" : "are")};
}

}  // namespace focusllm::eval
