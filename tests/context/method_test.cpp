#include "context/method.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "context/alone.h"
#include "support/tiny_model.h"

namespace focusllm::test {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kText = 400;

class MethodTable : public testing::TestWithParam<const context::Method*> {
 protected:
  const context::Method& method() const { return *GetParam(); }
  context::Options options() const {
    context::Options options;
    options.method = method().traits.name;
    options.kv_type = attention::KvType::f32;
    options.heads = "0.1,1.2";
    return options;
  }
  /// Gives every whole size that the method takes.
  template <typename Give>
  void for_sizes(Give&& give) const {
    for (const context::Taken& taken : method().settings)
      if (taken.fallback != nullptr) give(taken, std::get<std::int64_t Settings::*>(taken.setting->value));
  }

  TinyModel tiny_{TinySizes{}};
  const model::Spec& spec_ = tiny_.model->spec();
  CancelToken cancel_;
};

TEST_P(MethodTable, FillingAgainChangesNothing) {
  context::Options given = options();
  for_sizes([&](const context::Taken& taken, auto member) {
    if (taken.setting->zero == kNone) given.*member = kNone;
  });
  const context::Options once = context::with_defaults(given, spec_);
  const context::Options twice = context::with_defaults(once, spec_);
  for_sizes([&](const context::Taken& taken, auto member) {
    EXPECT_EQ(once.*member, twice.*member) << taken.setting->field;
    if (taken.setting->zero == kNone) {
      EXPECT_EQ(twice.*member, kNone) << taken.setting->field;
    } else {
      EXPECT_GT(twice.*member, 0) << taken.setting->field;
    }
  });
  EXPECT_EQ(context::bytes_needed(once, spec_, kText), context::bytes_needed(given, spec_, kText));
}

TEST_P(MethodTable, SizesOutOfBoundsNameTheirField) {
  for_sizes([&](const context::Taken& taken, auto member) {
    for (const std::int64_t wrong : {std::int64_t{-7}, std::int64_t{1} << 50}) {
      context::Options given = options();
      given.*member = wrong;
      try {
        context::with_defaults(given, spec_);
        ADD_FAILURE() << taken.setting->field << " " << wrong;
      } catch (const UsageError& error) {
        EXPECT_EQ(error.field(), taken.setting->field);
        EXPECT_THAT(error.what(), HasSubstr(fmt::format("`{}` {}:", taken.setting->field, wrong)));
      }
    }
  });
}

TEST_P(MethodTable, EachSizeSaysWhatItsDefaultIs) {
  for (const context::Taken& taken : method().settings) {
    EXPECT_EQ(taken.fallback != nullptr, taken.least != nullptr && taken.most != nullptr);
    EXPECT_TRUE(taken.fallback == nullptr || !taken.usual.empty()) << taken.setting->field;
    EXPECT_THAT(methods_with(*taken.setting), testing::Contains(method().traits.name));
  }
}

TEST_P(MethodTable, TraitsAreWhatTheContextDoes) {
  const auto text = random_tokens(kText, spec_.vocabulary, 5);
  context::Options given = options();
  given.local = 24;  // so that there is something behind it
  const auto context = context::alone(given, tiny_.model, cancel_);
  EXPECT_EQ((*context)->sees_ahead(), method().traits.sees_ahead);
  (*context)->start_citing();
  context->read(text);
  context->begin_question();
  EXPECT_EQ(context->fork(cancel_) != nullptr, method().traits.forks);
  context->finish();
  context->step(3);
  EXPECT_EQ(!(*context)->attended().empty(), method().traits.cites);
}

/// The rows that go through the layers until an answer can begin, and for its first token.
TEST_P(MethodTable, CostCountsTheRowsOfThePasses) {
  if (method().traits.name == "recall") return;  // reads no further once it is asked: recall_test
  const auto text = random_tokens(kText, spec_.vocabulary, 6);
  const auto context = context::make(options(), tiny_.model);
  model::Runner runner(tiny_.model);
  model::Pass pass;
  const auto run = [&] {
    std::int64_t rows = 0;
    for (;;) {
      pass.clear();
      if (!context->plan(pass, model::kPassRows)) return static_cast<double>(rows);
      rows += pass.rows();
      runner.run(pass, [] { return false; });
      context->took(pass);
    }
  };
  context->append(text);
  context->end_prompt();
  const double read = run();
  EXPECT_NEAR(read, context::reading(options(), spec_, 0, kText).rows, 0.02 * kText);
  context->answer(3);
  EXPECT_NEAR(run(), 1 + context::answering(options(), spec_, 0, kText).rows, 1);
}

TEST_P(MethodTable, ReadingIsLinearWhereItSaysSo) {
  const auto pairs = [this](std::int64_t tokens) {
    return context::reading(options(), spec_, 0, tokens).pairs;
  };
  const std::int64_t longest = 1 << 20;
  const double growth = pairs(2 * longest) / pairs(longest);
  EXPECT_GT(growth, method().traits.linear ? 1.99 : 3.9);
  EXPECT_LT(growth, method().traits.linear ? 2.01 : 4.1);
}

TEST(MethodTableAsAWhole, NamesAreFoundAndUnknownOnesListWhatThereIs) {
  for (const context::Method* method : context::all_methods())
    EXPECT_EQ(&context::method_named(method->traits.name), method);
  try {
    context::method_named("magic");
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_EQ(error.field(), "method");
    for (const context::Method* method : context::all_methods())
      EXPECT_THAT(error.what(), HasSubstr(std::string(method->traits.name)));
  }
  EXPECT_TRUE(method_info(plain_method()).plain);
  EXPECT_TRUE(method_info(recalling_method(true)).needs_adapter);
  EXPECT_FALSE(method_info(recalling_method(false)).needs_adapter);
}

INSTANTIATE_TEST_SUITE_P(All, MethodTable,
                         testing::ValuesIn(context::all_methods().begin(), context::all_methods().end()),
                         [](const auto& method) {
                           std::string name(method.param->traits.name);
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace focusllm::test
