#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace focusllm::eval {

// InfiniteBench's ways of finding the answer in what a model says. All are metrics (metrics.h), 0 or 1 but
// for leading_numbers.

/// Of expected {text, letter}: the answer begins with the letter, or names it behind "answer is" or the like,
/// or its first word of A, B, C, D is it.
double choice(std::string_view answer, const std::vector<std::string>& expected);
/// Of expected {name, letter}: the answer begins with "LETTER." or "LETTER:", or has letter or name right
/// behind "answer is:" or the like.
double wrong_function(std::string_view answer, const std::vector<std::string>& expected);
/// The answer's last word is the expected integer.
double last_integer(std::string_view answer, const std::vector<std::string>& expected);
/// The answer's first number, with decimals or without, is the expected one.
double first_number(std::string_view answer, const std::vector<std::string>& expected);
/// How many of the expected integers the answer's begin with, of all.
double leading_numbers(std::string_view answer, const std::vector<std::string>& expected);
/// A word of the answer, in upper case, is the first of the expected.
double speaker(std::string_view answer, const std::vector<std::string>& expected);

}  // namespace focusllm::eval
