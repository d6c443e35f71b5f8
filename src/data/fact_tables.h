#pragma once

#include <span>
#include <string_view>

namespace focusllm::data {

/// What a value looks like.
enum class Value { number, word, name, code, date, place, colour, phrase, uuid, sentence, time, money };
inline constexpr int kValueKinds = 12;

/// Whose attribute it is; none: it is told of by its own name, with or without an adjective.
enum class Subject { person, thing, place, none };

struct Attribute {
  std::string_view name;  ///< no two mean the same
  Value value;
  Subject subject;
};

/// A text that breaks off where the value stands.
struct Completion {
  std::string_view before;
  std::string_view after;  ///< of the value
};

/// The sentences about a fact. {A} the attribute, {S} the subject, {V} the value; {D} a date, {W} a weekday,
/// {T} a time, {N} a number that has nothing to do with it. A ^ in front: begins with a capital.
struct Forms {
  std::span<const std::string_view> statements;
  std::span<const std::string_view> questions;
  std::span<const std::string_view> answers;  ///< {V} within
  std::span<const Completion> completions;
  std::span<const std::string_view> refusals;  ///< of something that the text does not tell
};
const Forms& forms_with_subject();
/// Without {S}: it is a part of the attribute's name.
const Forms& forms_without_subject();
inline const Forms& forms(Subject kind) {
  return kind == Subject::none ? forms_without_subject() : forms_with_subject();
}

std::span<const Attribute> attributes();

namespace words {
std::span<const std::string_view> first_names();
std::span<const std::string_view> last_names();
std::span<const std::string_view> place_beginnings();
std::span<const std::string_view> place_endings();
std::span<const std::string_view> things();
std::span<const std::string_view> adjectives();
std::span<const std::string_view> colours();
std::span<const std::string_view> nouns();
std::span<const std::string_view> verbs();
std::span<const std::string_view> somewhere();
std::span<const std::string_view> syllables();
std::span<const std::string_view> months();
std::span<const std::string_view> weekdays();
}  // namespace words

}  // namespace focusllm::data
