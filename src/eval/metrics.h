#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace focusllm::eval {

/// How good an answer is, 0 to 1, beside what was expected: all of it, or alternatives, as the metric says.
/// What is expected is never empty.
using Metric = std::function<double(std::string_view answer, const std::vector<std::string>& expected)>;

// Upper and lower case are told apart in all of Unicode, as by Python's str.lower(), here and below.

/// RULER: the share of the expected strings that stand anywhere in the answer, in any case.
double string_match_all(std::string_view answer, const std::vector<std::string>& expected);
/// RULER: whether one of them does.
double string_match_part(std::string_view answer, const std::vector<std::string>& expected);

/// The same, for texts of ours: a number may have commas between its thousands.
double fact_match(std::string_view answer, const std::vector<std::string>& expected);

/// SQuAD and LongBench: F1 of the words in common with the best of the expected, in lower case without
/// punctuation and articles.
double qa_f1(std::string_view answer, const std::vector<std::string>& expected);
/// The same with characters for words (InfiniteBench's for Chinese).
double qa_f1_characters(std::string_view answer, const std::vector<std::string>& expected);
/// SQuAD: whether the answer is one of the expected, normalised as for qa_f1.
double exact_match(std::string_view answer, const std::vector<std::string>& expected);

/// The share of the first expected text's different words that the answer has, normalised as for qa_f1.
double word_share(std::string_view answer, const std::vector<std::string>& expected);

/// LongBench: whether the class is named, divided by the number of classes that the answer names.
double classification(std::string_view answer, const std::vector<std::string>& expected,
                      const std::vector<std::string>& classes);
/// LongBench: the share of the answer's numbers that are the one behind `prefix` in the best of the expected
/// ("Paragraph 7" with "Paragraph "), or, with an empty prefix, that are the expected itself.
double number_share(std::string_view answer, const std::vector<std::string>& expected,
                    std::string_view prefix);
/// LongBench: similarity (2 LCS / characters of both, in whole percent) of the first line that is no comment.
double edit_similarity(std::string_view answer, const std::vector<std::string>& expected);

/// InfiniteBench: whether the answer's first run of digits is one of the expected.
double first_integer(std::string_view answer, const std::vector<std::string>& expected);
/// InfiniteBench: whether one of the expected is among the answer's words.
double among_words(std::string_view answer, const std::vector<std::string>& expected);

/// `text` with each of `characters` replaced by a space.
std::string without(std::string_view text, std::string_view characters);
/// Words between white space.
std::vector<std::string> split_words(std::string_view text);
/// In lower case, letter by letter; a sigma at a word's end is the final one. Bytes that are no UTF-8 stay.
std::string lower(std::string_view text);
/// UTF-8 characters; a byte that is part of none stands alone.
std::vector<std::string> characters(std::string_view text);
/// The runs of digits of a text.
std::vector<std::string> numbers(std::string_view text);

}  // namespace focusllm::eval
