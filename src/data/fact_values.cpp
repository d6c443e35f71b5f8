// Values and subjects put together from the tables of words.
#include <cctype>

#include <fmt/format.h>

#include "data/fact.h"

namespace focusllm::data {
namespace {

std::string digits(std::int64_t count, Random& random) {
  std::string text(1, static_cast<char>('1' + random.below(9)));
  while (static_cast<std::int64_t>(text.size()) < count) text += static_cast<char>('0' + random.below(10));
  return text;
}

/// L a letter, D a digit, H a hexadecimal digit; everything else stays.
std::string pattern(std::string_view form, Random& random) {
  std::string text;
  for (const char c : form) {
    if (c == 'L')
      text += static_cast<char>('A' + random.below(26));
    else if (c == 'D')
      text += static_cast<char>('0' + random.below(10));
    else if (c == 'H')
      text += "0123456789abcdef"[random.below(16)];
    else
      text += c;
  }
  return text;
}

std::string pseudo_word(Random& random) {
  std::string text;
  for (std::int64_t i = random.in({2, 4}); i > 0; --i) text += random.pick(words::syllables());
  return text;
}

std::string name(Random& random) {
  return fmt::format("{} {}", random.pick(words::first_names()), random.pick(words::last_names()));
}

std::string place(Random& random) {
  return fmt::format("{}{}", random.pick(words::place_beginnings()), random.pick(words::place_endings()));
}

std::string date(Random& random) {
  const std::int64_t day = random.in({1, 28}), month = random.in({1, 12}), year = random.in({1720, 2040});
  const std::string_view month_name = words::months()[static_cast<std::size_t>(month - 1)];
  switch (random.below(4)) {
    case 0:
      return fmt::format("{} {} {}", day, month_name, year);
    case 1:
      return fmt::format("{} {}, {}", month_name, day, year);
    case 2:
      return fmt::format("{}-{:02}-{:02}", year, month, day);
    default:
      return fmt::format("{} {}", day, month_name);
  }
}

std::string time(Random& random) {
  const std::int64_t minute = 5 * random.below(12);
  if (random.chance(0.5)) return fmt::format("{:02}:{:02}", random.below(24), minute);
  return fmt::format("{}:{:02} {}", random.in({1, 12}), minute, random.chance(0.5) ? "am" : "pm");
}

std::string money(Random& random) {
  const std::string amount = digits(random.in({2, 5}), random);
  switch (random.below(3)) {
    case 0:
      return "$" + amount;
    case 1:
      return amount + " pounds";
    default:
      return amount + " crowns";
  }
}

std::string phrase(Random& random) {
  std::string text;
  const std::string_view form = random.pick(words::somewhere());
  for (std::size_t i = 0; i < form.size(); ++i) {
    if (form[i] != '{') {
      text += form[i];
      continue;
    }
    text += form[i + 1] == 'n' ? random.pick(words::nouns()) : random.pick(words::adjectives());
    i += 2;
  }
  return text;
}

std::string sentence(Random& random) {
  return fmt::format("the {} {} {} the {} {}", random.pick(words::adjectives()), random.pick(words::nouns()),
                     random.pick(words::verbs()), random.pick(words::adjectives()),
                     random.pick(words::nouns()));
}

constexpr std::string_view kCodes[] = {"LL-DDDD",  "LLL DDD",   "DLDLD", "L-DD-LL",
                                       "LLDD/DDD", "DDD-LLL-D", "LLLLL", "L.DDDDD"};
constexpr std::string_view kIds[] = {"HHHHHHHH-HHHH-HHHH-HHHH-HHHHHHHHHHHH", "HHHHHHHH-HHHH", "HHHHHHHHHHHH"};

/// Share of attributes without a subject that have no adjective either.
constexpr double kPlain = 0.3;

}  // namespace

std::string make_value(Value kind, Random& random) {
  switch (kind) {
    case Value::number:
      return digits(random.in({3, 9}), random);
    case Value::word:
      return random.chance(0.5) ? std::string(random.pick(words::nouns())) : pseudo_word(random);
    case Value::name:
      return name(random);
    case Value::code:
      return pattern(random.pick(kCodes), random);
    case Value::date:
      return date(random);
    case Value::place:
      return place(random);
    case Value::colour:
      return std::string(random.pick(words::colours()));
    case Value::phrase:
      return phrase(random);
    case Value::uuid:
      return pattern(random.pick(kIds), random);
    case Value::sentence:
      return sentence(random);
    case Value::time:
      return time(random);
    case Value::money:
      return money(random);
  }
  return "";
}

std::string make_subject(Subject kind, Random& random) {
  switch (kind) {
    case Subject::person:
      return name(random);
    case Subject::place:
      return place(random);
    case Subject::none:
      return random.chance(kPlain) ? "" : std::string(random.pick(words::adjectives()));
    case Subject::thing:
      break;
  }
  if (random.chance(0.3)) return fmt::format("the {} of {}", random.pick(words::things()), place(random));
  return fmt::format("the {} {}", random.pick(words::adjectives()), random.pick(words::things()));
}

}  // namespace focusllm::data
