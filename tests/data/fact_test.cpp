#include "data/fact.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

namespace focusllm::data {
namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

/// What passkey and needle tests say themselves: what is measured with them must not have been trained on.
const std::vector<std::string> kPublished = {
    "pass key",    "passkey",        "important info", "irrelevant text",
    "memorize",    "grass is green", "sky is blue",    "sun is yellow",
    "here we go",  "there and back", "remember it",    "secret number",
    "lighthouse",  "quiz you",       "magic number",   "best thing to do in san francisco",
    "dolores park"};

void expect_unpublished(const std::string& text) {
  for (const auto& phrase : kPublished) EXPECT_EQ(lower(text).find(phrase), std::string::npos) << text;
}

/// Every form has its places, and none that it must not have.
void expect_whole(const Forms& forms, bool subject) {
  const std::vector<std::string> key =
      subject ? std::vector<std::string>{"{A}", "{S}"} : std::vector<std::string>{"{A}"};
  const auto has = [](std::string_view form, std::string_view place) {
    return form.find(place) != std::string_view::npos;
  };
  for (const auto form : forms.statements) {
    EXPECT_TRUE(has(form, "{V}")) << form;
    for (const auto& place : key) EXPECT_TRUE(has(form, place)) << form;
  }
  for (const auto form : forms.questions) {
    EXPECT_FALSE(has(form, "{V}")) << form;
    for (const auto& place : key) EXPECT_TRUE(has(form, place)) << form;
  }
  for (const auto& form : forms.completions) EXPECT_FALSE(has(form.before, "{V}")) << form.before;
  for (const auto form : forms.answers) EXPECT_TRUE(has(form, "{V}")) << form;
  for (const auto& list : {forms.statements, forms.questions, forms.answers, forms.refusals}) {
    for (const auto form : list) {
      expect_unpublished(std::string(form));
      EXPECT_TRUE(subject || !has(form, "{S}")) << form;
    }
  }
  for (const auto& form : forms.completions) {
    expect_unpublished(std::string(form.before));
    EXPECT_TRUE(subject || !has(form.before, "{S}")) << form.before;
  }
}

TEST(Fact, TablesAreLargeAndKeepTheirRules) {
  EXPECT_GE(forms_with_subject().statements.size(), 40U);
  EXPECT_GE(forms_without_subject().statements.size(), 30U);
  EXPECT_GE(attributes().size(), 40U);
  EXPECT_GE(forms_with_subject().questions.size(), 20U);
  std::set<std::string_view> names;
  for (const Attribute& attribute : attributes())
    EXPECT_TRUE(names.insert(attribute.name).second) << attribute.name;
  std::set<Value> values;
  for (const Attribute& attribute : attributes()) values.insert(attribute.value);
  EXPECT_EQ(static_cast<int>(values.size()), kValueKinds);
  expect_whole(forms_with_subject(), true);
  expect_whole(forms_without_subject(), false);
}

TEST(Fact, StatementsHoldTheValueAndNothingIsLeftToFill) {
  Random random{1};
  std::set<std::string> statements_seen;
  for (int i = 0; i < 200; ++i) {
    FactMaker maker(random);
    for (int j = 0; j < 20; ++j) {
      const Fact fact = maker.make(random);
      ASSERT_FALSE(fact.value.empty());
      ASSERT_NE(lower(fact.statement).find(lower(fact.value)), std::string::npos) << fact.statement;
      ASSERT_NE(lower(fact.statement).find(lower(fact.subject)), std::string::npos) << fact.statement;
      for (const std::string place : {"{A}", "{S}", "{V}", "{D}", "{T}", "{N}", "{W}", "{n}", "{a}", "^"})
        ASSERT_EQ(fact.statement.find(place), std::string::npos) << fact.statement;
      expect_unpublished(fact.statement);
      statements_seen.insert(fact.statement);
    }
  }
  EXPECT_GT(statements_seen.size(), 3900U);
}

TEST(Fact, NumbersHaveThreeToNineDigits) {
  Random random{2};
  std::set<std::size_t> lengths;
  for (int i = 0; i < 500; ++i) lengths.insert(make_value(Value::number, random).size());
  EXPECT_EQ(lengths, (std::set<std::size_t>{3, 4, 5, 6, 7, 8, 9}));
}

TEST(Fact, DistractorsShareHalfOfTheKey) {
  Random random{3};
  for (int i = 0; i < 500; ++i) {
    const Fact fact = FactMaker(random).make(random), other = FactMaker::like(fact, random);
    EXPECT_NE(fact.key(), other.key());
    EXPECT_TRUE(fact.subject == other.subject || fact.attribute == other.attribute);
    EXPECT_EQ(fact.attribute->subject, other.attribute->subject);
  }
}

TEST(Fact, AttributesAndSubjectsComeAgain) {
  Random random{4};
  FactMaker maker(random);
  std::set<std::string> subjects;
  for (int i = 0; i < 100; ++i) subjects.insert(maker.make(random).subject);
  EXPECT_LT(subjects.size(), 60U);
}

TEST(Random, IsTheSameOnEveryMachine) {
  Random random{7, 8};
  std::seed_seq words{7, 0, 8, 0};  // both of them are defined by the standard, to the bit
  std::mt19937_64 expected(words);
  EXPECT_EQ(random.below(1000), static_cast<std::int64_t>(expected() % 1000));
  Random again{7, 8}, other{8, 7};
  Random first{7, 8};
  int equal = 0;
  for (int i = 0; i < 100; ++i) {
    const auto value = again.below(1 << 20);
    EXPECT_EQ(value, first.below(1 << 20));
    equal += value == other.below(1 << 20) ? 1 : 0;
  }
  EXPECT_LT(equal, 3);
}

TEST(Random, RangesAndWeights) {
  Random random{9};
  std::set<std::int64_t> seen;
  int first_octave = 0, second = 0;
  for (int i = 0; i < 3000; ++i) {
    const std::int64_t value = random.log_in({16, 128});
    ASSERT_GE(value, 16);
    ASSERT_LE(value, 128);
    first_octave += value < 32 ? 1 : 0;
    second += value >= 64 ? 1 : 0;
    seen.insert(random.in({-2, 2}));
    EXPECT_NE(random.weighted(std::vector<double>{1, 0, 2}), 1U);
  }
  EXPECT_NEAR(first_octave, 1000, 120);
  EXPECT_NEAR(second, 1000, 120);
  EXPECT_EQ(seen, (std::set<std::int64_t>{-2, -1, 0, 1, 2}));
  EXPECT_EQ(random.log_in({5, 5}), 5);
  EXPECT_EQ(random.weighted(std::vector<double>{0, 1, 0}), 1U);
}

}  // namespace
}  // namespace focusllm::data
