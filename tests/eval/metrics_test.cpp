#include "eval/metrics.h"

#include <gtest/gtest.h>

#include "eval/published/answers.h"
#include "eval/rouge.h"

namespace focusllm::eval {
namespace {

using Texts = std::vector<std::string>;

TEST(Metrics, LowerCaseIsThatOfAllLetters) {
  // Python: [text.lower() for text in (...)]
  EXPECT_EQ(lower("Москва ÀÉÎ ŠŽ Straße ΑΒΓ ΟΔΟΣ Σ. ΣΑΣ"), "москва àéî šž straße αβγ οδος σ. σας");
  EXPECT_EQ(lower("東京 ABC 123 \xff"
                  "Z\xc3"),
            "東京 abc 123 \xff"
            "z\xc3");
  EXPECT_EQ(lower(""), "");
  EXPECT_EQ(string_match_all("Столица: МОСКВА", {"Москва"}), 1);
  EXPECT_EQ(qa_f1("ÉCOLE", {"école"}), 1);
}

TEST(Metrics, StringMatchesAreRulers) {
  EXPECT_EQ(string_match_all("12, 34 and 56", {"12", "56", "78", "90"}), 0.5);
  EXPECT_EQ(string_match_all("Wooden-Lantern", {"wooden-lantern"}), 1);
  EXPECT_EQ(string_match_all("", {"x"}), 0);
  EXPECT_EQ(string_match_part("in Paris, I think", {"Lyon", "paris"}), 1);
  EXPECT_EQ(string_match_part("in Nice", {"Lyon", "paris"}), 0);
  EXPECT_EQ(fact_match("he paid 40,954 crowns", {"40954"}), 1);
  EXPECT_EQ(fact_match("he paid 1,240,954, in Lyon", {"1240954"}), 1);
  EXPECT_EQ(fact_match("he paid 40,9541 or 40, 954", {"40954"}), 0);
  EXPECT_EQ(fact_match("1,2", {"1,2"}), 1);
  EXPECT_EQ(fact_match(",", {"1"}), 0);
}

TEST(Metrics, QaF1IsOfNormalWords) {
  // [cat, sat, down] and [cat, sat]: precision 2/3, recall 1, so 2 * 2/3 / (5/3).
  EXPECT_DOUBLE_EQ(qa_f1("The cat sat down.", {"a cat sat"}), 0.8);
  EXPECT_EQ(qa_f1("the", {"the"}), 0);  // nothing is left
  EXPECT_EQ(qa_f1("Dr. No!", {"something else", "dr no"}), 1);
  // Each word as often as it stands in both: 1 in common, precision 1/3, recall 1/1.
  EXPECT_DOUBLE_EQ(qa_f1("no no no", {"no"}), 0.5);
  EXPECT_EQ(qa_f1("", {"x"}), 0);
}

TEST(Metrics, WordsEndWherePythonSaysTheyDo) {
  EXPECT_EQ(qa_f1("New\u00a0York", {"New York"}), 1);
  EXPECT_EQ(qa_f1("1979\u2013the present", {"1979\u2013 present"}), 1);
  EXPECT_LT(qa_f1("th\u00e9 the\u00e9 present", {"present"}), 1);  // letters, so no article
  EXPECT_EQ(qa_f1_characters("北\u3000京", {"北京"}), 1);
  EXPECT_EQ(split_words("a\u2028b\u3000c\x1c d"), (std::vector<std::string>{"a", "b", "c", "d"}));
}

TEST(Metrics, QaF1OfCharactersIsForChinese) {
  // 3 characters in common of 5 and 3: precision 3/5, recall 1.
  EXPECT_DOUBLE_EQ(qa_f1_characters("他在北京。市", {"在北京"}), 2 * 0.6 / 1.6);
  EXPECT_EQ(qa_f1_characters("\xff", {"京"}), 0);
}

TEST(Metrics, ExactMatchIsOfNormalWords) {
  EXPECT_EQ(exact_match(" The Eiffel tower.", {"x", "eiffel  Tower"}), 1);
  EXPECT_EQ(exact_match("Eiffel", {"Eiffel tower"}), 0);
}

TEST(Metrics, WordShareIsOfDifferentWords) {
  // eat, sandwich, and, sit, in, dolores, park, on, sunny, day: 10; found: eat, sandwich, in, dolores, park.
  EXPECT_EQ(word_share("Eat a sandwich in Dolores Park!",
                       {"eat a sandwich and sit in Dolores Park on a sunny day"}),
            0.5);
  EXPECT_EQ(word_share("x", {"the"}), 0);
}

TEST(Metrics, ClassificationDividesByTheClassesNamed) {
  const Texts classes{"Date", "Date of birth", "Place"};
  EXPECT_EQ(classification("Place", {"Place"}, classes), 1);
  EXPECT_EQ(classification("Place or Date", {"Place"}, classes), 0.5);
  EXPECT_EQ(classification("Date of birth", {"Date of birth"}, classes), 1);  // "Date" is part of the truth
  EXPECT_EQ(classification("Date of birth", {"Date"}, classes), 0.5);
  EXPECT_EQ(classification("nothing", {"Place"}, classes), 0);
}

TEST(Metrics, NumberShareIsRetrievalAndCount) {
  EXPECT_EQ(number_share("Paragraph 7", {"Paragraph 7"}, "Paragraph "), 1);
  EXPECT_EQ(number_share("Paragraph 7 or 17", {"Paragraph 7"}, "Paragraph "), 0.5);
  EXPECT_EQ(number_share("段落12", {"段落12"}, "段落"), 1);
  EXPECT_EQ(number_share("There are 5, not 6 or 7", {"5"}, ""), 1.0 / 3);
  EXPECT_EQ(number_share("five", {"5"}, ""), 0);
  EXPECT_EQ(number_share("7", {"no number"}, "Paragraph "), 0);
}

TEST(Metrics, EditSimilarityIsOfTheFirstLineOfCode) {
  // kitten, sitting: LCS ittn, 2 * 4 / 13 = 0.615.
  EXPECT_EQ(edit_similarity("kitten", {"sitting"}), 0.62);
  // 11 of 12 characters in common: 22 / 24 = 0.917.
  EXPECT_EQ(edit_similarity("\n# a comment\n```\nreturn x + 1\nreturn 2", {"return x + y"}), 0.92);
  EXPECT_EQ(edit_similarity("// only", {"x"}), 0);
  EXPECT_EQ(edit_similarity("", {"x"}), 0);
}

TEST(Metrics, EditSimilarityRoundsHalvesToEven) {
  EXPECT_DOUBLE_EQ(edit_similarity("abcdexyz", {"abcde123"}), 0.62);  // 62.5 %
}

TEST(Metrics, FirstIntegerIsTheFirstRunOfDigits) {
  EXPECT_EQ(first_integer(" 12345. The", {"12345"}), 1);
  EXPECT_EQ(first_integer("is 12345", {"12345"}), 1);
  EXPECT_EQ(first_integer(" 123456", {"12345"}), 0);
  EXPECT_EQ(first_integer(" 1 12345", {"12345"}), 0);
  EXPECT_EQ(first_integer("", {"12345"}), 0);
}

TEST(Metrics, AmongWordsCutsAtPunctuation) {
  EXPECT_EQ(among_words(R"( {"a-b": "c-d"})", {"c-d"}), 1);
  EXPECT_EQ(among_words("c-de", {"c-d"}), 0);
}

TEST(Metrics, CharactersAreUtf8) {
  EXPECT_EQ(characters("aé京\xff\x80"), (Texts{"a", "é", "京", "\xff\x80"}));
  EXPECT_EQ(characters("\x80z"), (Texts{"\x80", "z"}));
}

// Values of the packages rouge 1.0.1 (whose F1 has 1e-8 in the denominator) and rouge_score 0.1.2.
TEST(Rouge, LIsThatOfThePackageRouge) {
  // 4 of 5 different words in common.
  EXPECT_NEAR(rouge_l("the cat sat on the mat", {"the cat lay on the mat"}), 0.8, 1e-7);
  EXPECT_NEAR(rouge_l("police killed the gunman. the gunman ran", {"the gunman was shot. police killed him"}),
              0.66666666, 1e-7);
  EXPECT_NEAR(rouge_l("a b c d e", {"x", "a c b d f"}), 0.6, 1e-7);
  EXPECT_NEAR(rouge_l("It rained all day. Then the sun came out and we walked home.",
                      {"The sun came out after it rained all day. We then walked home."}),
              0.61538461, 1e-7);
  // Spaces behind the last full stop are one empty word.
  EXPECT_NEAR(rouge_l("the cat sat.\n", {"the cat sat"}), 0.85714285, 1e-7);
  EXPECT_NEAR(rouge_l(" The cat sat.\n\nThe dog ran.\n", {"The cat sat.\nThe dog ran."}), 0.90909090, 1e-7);
  EXPECT_EQ(rouge_l("x", {"y"}), 0);
  EXPECT_EQ(rouge_l("", {"y"}), 0);
  EXPECT_EQ(rouge_l("y", {""}), 0);
}

TEST(Rouge, LOfCharacters) {
  // 北京 in common of 4 and 3 characters: 2 * 1/2 * 2/3 / (7/6).
  EXPECT_NEAR(rouge_l_characters("在北京市", {"北京人"}), 4.0 / 7, 1e-12);
}

TEST(Rouge, LSumIsThatOfThePackageRougeScore) {
  EXPECT_NEAR(rouge_l_sum("The cat sat.\nA dog ran away", {"the dog ran.\nThe cat sat down"}), 0.71428571,
              1e-7);
  EXPECT_NEAR(rouge_l_sum("It rained all day.\nThen the sun came out, and we walked home.",
                          {"The sun came out after it rained all day.\nWe then walked home."}),
              0.84615384, 1e-7);
  EXPECT_NEAR(rouge_l_sum("w1 w2 w6 w7 w8\nw1 w3 w8 w9 w5", {"w1 w2 w3 w4 w5"}), 0.53333333, 1e-7);
  EXPECT_NEAR(rouge_l_sum("b a c a", {"a b a c"}), 0.75, 1e-12);
}

TEST(Rouge, TooLongTextsAreAnError) {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += "a ";
  EXPECT_THROW(rouge_l(text, {text}), std::exception);
}

TEST(InfiniteBenchAnswers, Choice) {
  const Texts expected{"the butler", "C"};
  EXPECT_EQ(choice(" C. the butler", expected), 1);
  EXPECT_EQ(choice("B", expected), 0);
  EXPECT_EQ(choice("the butler", expected), 1);
  EXPECT_EQ(choice("I think the answer is: C", expected), 1);
  EXPECT_EQ(choice("I think the answer is the butler", expected), 1);
  EXPECT_EQ(choice("I think the answer is:", expected), 0);
  EXPECT_EQ(choice("it must be C or D", expected), 1);
  EXPECT_EQ(choice("it must be BC, not C", expected), 0);
  EXPECT_EQ(choice("", expected), 0);
}

TEST(InfiniteBenchAnswers, WrongFunction) {
  const Texts expected{"read_all", "D"};
  EXPECT_EQ(wrong_function("D.", expected), 1);
  EXPECT_EQ(wrong_function("The correct option is: **D**", expected), 1);
  EXPECT_EQ(wrong_function("the answer is: `read_all`", expected), 1);
  EXPECT_EQ(wrong_function("D", expected), 0);  // as published
  EXPECT_EQ(wrong_function("the answer is: A", expected), 0);
}

TEST(InfiniteBenchAnswers, Numbers) {
  EXPECT_EQ(last_integer("It returns -12.", {"-12"}), 1);
  EXPECT_EQ(last_integer("12 is it", {"12"}), 0);
  EXPECT_EQ(first_number("about 3.50 or 4", {"3.5"}), 1);
  EXPECT_EQ(first_number("97.", {"97"}), 1);
  EXPECT_EQ(first_number("none", {"97"}), 0);
  EXPECT_EQ(leading_numbers("[1, 4, 9, 7]", {"1", "4", "8", "7"}), 0.5);
  EXPECT_EQ(leading_numbers("1", {"1", "4"}), 0.5);
  EXPECT_EQ(leading_numbers("1 4 8", {"1", "4"}), 1);
}

TEST(InfiniteBenchAnswers, Speaker) {
  EXPECT_EQ(speaker("It is Marlow, of course", {"MARLOW"}), 1);
  EXPECT_EQ(speaker("Marlowe", {"MARLOW"}), 0);
}

}  // namespace
}  // namespace focusllm::eval
