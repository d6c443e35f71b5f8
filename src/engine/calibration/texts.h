#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace focusllm::calibration {

/// What a question is like.
enum class Kind { facts, pairs, paraphrases };
inline constexpr std::array kKinds{Kind::facts, Kind::pairs, Kind::paraphrases};

struct Passage {
  std::string text;
  std::string question;  ///< that this passage answers; empty: filler
};

/// What the heads are asked about: paraphrases twice, as they depend on the words around them.
struct Text {
  Kind kind;
  std::uint64_t seed;
};
inline constexpr Text kTexts[] = {
    {Kind::facts, 1}, {Kind::pairs, 1}, {Kind::paraphrases, 1}, {Kind::paraphrases, 2}};

/// A text in which facts are hidden, made from word lists: the same for the same seed, on every machine.
std::vector<Passage> make_text(Kind kind, std::uint64_t seed = 1);

}  // namespace focusllm::calibration
