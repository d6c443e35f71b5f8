#include "data/fact.h"

#include <cctype>

namespace focusllm::data {
namespace {

constexpr Subject kSubjects[] = {Subject::person, Subject::thing, Subject::place, Subject::none};
constexpr int kSubjectsOfAKind = 4;
constexpr int kAttributesAtHand = 6;
/// How often an attribute or a subject is one of those at hand.
constexpr double kFamiliar = 0.7;

/// Other pieces of a form than the fact's own.
std::string decoration(char place, Random& random) {
  switch (place) {
    case 'D':
      return make_value(Value::date, random);
    case 'T':
      return make_value(Value::time, random);
    case 'W':
      return std::string(random.pick(words::weekdays()));
    default:
      return std::to_string(random.in({2, 400}));
  }
}

std::string piece(char place, const Fact& fact, Random& random) {
  switch (place) {
    case 'A':
      return fact.name();
    case 'S':
      return fact.subject;
    case 'V':
      return fact.value;
    default:
      return decoration(place, random);
  }
}

bool is_place(std::string_view form, std::size_t at) {
  return at + 2 < form.size() && form[at] == '{' && form[at + 2] == '}' && form[at + 1] >= 'A' &&
         form[at + 1] <= 'Z';
}

const Attribute& attribute_of(Subject kind, Random& random) {
  for (;;) {
    const Attribute& attribute = random.pick(attributes());
    if (attribute.subject == kind) return attribute;
  }
}

Fact fact_of(const Attribute& attribute, std::string subject, Random& random) {
  Fact fact{&attribute, std::move(subject), make_value(attribute.value, random), ""};
  fact.statement = fill(random.pick(forms(attribute.subject).statements), fact, random);
  return fact;
}

}  // namespace

std::string Fact::name() const {
  const std::string plain(attribute->name);
  return attribute->subject == Subject::none && !subject.empty() ? subject + " " + plain : plain;
}

FactMaker::FactMaker(Random& random) {
  for (int i = 0; i < kAttributesAtHand; ++i) attributes_.push_back(&random.pick(attributes()));
  for (const Subject kind : kSubjects)
    for (int i = 0; i < kSubjectsOfAKind; ++i) subjects_.push_back(make_subject(kind, random));
}

Fact FactMaker::make(Random& random) {
  const Attribute& attribute =
      random.chance(kFamiliar) ? *random.pick(attributes_) : random.pick(attributes());
  if (!random.chance(kFamiliar)) return fact_of(attribute, make_subject(attribute.subject, random), random);
  const auto first = static_cast<std::int64_t>(attribute.subject) * kSubjectsOfAKind;
  return fact_of(attribute, subjects_[static_cast<std::size_t>(first + random.below(kSubjectsOfAKind))],
                 random);
}

Fact FactMaker::like(const Fact& other, Random& random) {
  for (;;) {
    Fact fact = random.chance(0.5)
                    ? fact_of(*other.attribute, make_subject(other.attribute->subject, random), random)
                    : fact_of(attribute_of(other.attribute->subject, random), other.subject, random);
    if (fact.key() != other.key()) return fact;
  }
}

std::string fill(std::string_view form, const Fact& fact, Random& random) {
  const bool capital = form.starts_with('^');
  if (capital) form.remove_prefix(1);
  std::string text;
  for (std::size_t i = 0; i < form.size(); ++i) {
    if (!is_place(form, i)) {
      text += form[i];
      continue;
    }
    text += piece(form[i + 1], fact, random);
    i += 2;
  }
  if (capital) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

}  // namespace focusllm::data
