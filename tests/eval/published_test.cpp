#include "eval/published/published.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace focusllm::eval {
namespace {

using Json = nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

Json longbench_line(const std::string& dataset) {
  return {{"input", "Who?"},
          {"context", "A {input} text."},
          {"answers", {"Ann", "Bo"}},
          {"length", 3},
          {"dataset", dataset},
          {"language", "en"},
          {"all_classes", {"Ann", "Cy"}},
          {"_id", "abc"}};
}

template <typename Read>
std::string message_of(const Read& read) {
  try {
    read();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(LongBench, HasThePublishedPrompts) {
  const auto examples = longbench_examples(
      {"x.jsonl", longbench_line("hotpotqa").dump() + "\n\n" + longbench_line("trec").dump()});
  ASSERT_EQ(examples.size(), 2U);
  const Example& qa = examples[0];
  EXPECT_EQ(qa.prompt,
            "Answer the question based on the given passages. Only give me the answer and do not output any "
            "other words.\n\nThe following are given passages.\nA {input} text.\n\nAnswer the question based "
            "on the given passages. Only give me the answer and do not output any other words.\n\nQuestion: "
            "Who?\nAnswer:");
  EXPECT_EQ(qa.line, 1);
  EXPECT_EQ(qa.id, "abc");
  EXPECT_EQ(qa.variant, "hotpotqa");
  EXPECT_EQ(qa.answer_tokens, 32);
  EXPECT_THAT(qa.expected, ElementsAre("Ann", "Bo"));
  EXPECT_EQ(qa.metric("the Bo", qa.expected), 1);
  EXPECT_FALSE(qa.first_line);
  EXPECT_EQ(examples[1].line, 3);
  EXPECT_TRUE(examples[1].first_line);
  EXPECT_EQ(examples[1].metric("Ann or Cy", {"Ann"}), 0.5);
}

TEST(LongBench, WhatPythonWritesIsRead) {
  std::string line = longbench_line("hotpotqa").dump();
  line.replace(line.find("Who?"), 4, "Who\\ud83d?");
  line.replace(line.find("\"length\":3"), 10, "\"length\":NaN");
  const auto examples = longbench_examples({"x.jsonl", line});
  ASSERT_EQ(examples.size(), 1U);
  EXPECT_THAT(examples[0].prompt, HasSubstr("Question: Who\ufffd?"));
  line.replace(line.find("[\"Ann\",\"Bo\"]"), 12, "NaN");
  EXPECT_THAT(message_of([&] {
                longbench_examples({"x.jsonl", "\n" + line});
              }),
              HasSubstr("x.jsonl: line 2: \"answers\""));
}

TEST(LongBench, EveryDataSetHasAFormAndAMetric) {
  for (const std::string name : {"narrativeqa",
                                 "qasper",
                                 "multifieldqa_en",
                                 "multifieldqa_zh",
                                 "hotpotqa",
                                 "2wikimqa",
                                 "musique",
                                 "dureader",
                                 "gov_report",
                                 "qmsum",
                                 "multi_news",
                                 "vcsum",
                                 "trec",
                                 "triviaqa",
                                 "samsum",
                                 "lsht",
                                 "passage_count",
                                 "passage_retrieval_en",
                                 "passage_retrieval_zh",
                                 "lcc",
                                 "repobench-p"}) {
    Json line = longbench_line(name);
    const bool numbered = name.starts_with("passage_");
    if (numbered) line["answers"] = {name == "passage_count" ? "7" : "Paragraph 7 段落7"};
    const Example example = longbench_examples({"x.jsonl", line.dump()}).at(0);
    EXPECT_TRUE(example.variant == name || example.variant == name + ", by characters");
    EXPECT_THAT(example.prompt, AllOf(HasSubstr("A {input} text."), testing::Not(HasSubstr("{context}"))));
    EXPECT_EQ(example.metric(numbered ? "7" : "Ann", example.expected), 1) << name;
    EXPECT_EQ(example.metric("", example.expected), 0) << name;
  }
}

TEST(LongBench, AnUnknownDataSetIsAskedPlainly) {
  const auto examples = longbench_examples({"x.jsonl", longbench_line("mine").dump()});
  EXPECT_EQ(examples.at(0).prompt, "A {input} text.\n\nWho?");
  EXPECT_EQ(examples.at(0).variant, "mine, plain form, QA F1");
  EXPECT_EQ(longbench_examples({"x.jsonl", longbench_line("qasper_e").dump()}).at(0).answer_tokens, 128);
}

TEST(Published, ErrorsNameFileAndLine) {
  const std::string good = longbench_line("trec").dump() + "\n";
  const auto message = [&](const std::string& line) {
    return message_of([&] { longbench_examples({"x.jsonl", good + line}); });
  };
  EXPECT_THAT(message("{\"a\": "), HasSubstr("x.jsonl: line 2: is no JSON object"));
  EXPECT_THAT(message("[1]"), HasSubstr("line 2"));
  EXPECT_THAT(message("{}"), HasSubstr("line 2: has no \"dataset\""));
  Json line = longbench_line("trec");
  line["answers"] = Json::array();
  EXPECT_THAT(message(line.dump()), HasSubstr("\"answers\" is empty"));
  line["answers"] = {Json::object()};
  EXPECT_THAT(message(line.dump()), HasSubstr("\"answers\" is neither text nor a number"));
  line = longbench_line("trec");
  line["context"] = nullptr;
  EXPECT_THAT(message(line.dump()), HasSubstr("\"context\""));
  EXPECT_THAT(message_of([] { longbench_examples({"x.jsonl", "\n\n"}); }), HasSubstr("has no lines"));
  EXPECT_THAT(message(std::string(100000, '[')), HasSubstr("line 2"));
}

TEST(InfiniteBench, TheFilesNameSaysWhichDataSet) {
  const Json line = {{"id", 4},
                     {"context", "C"},
                     {"input", "What is the pass key?"},
                     {"answer", {"77"}},
                     {"options", Json::array()}};
  const auto passkey = infinitebench_examples({"passkey.jsonl", line.dump()});
  EXPECT_THAT(passkey.at(0).prompt, HasSubstr("\n\nC\n\nWhat is the pass key?\n\nThe pass key is"));
  EXPECT_EQ(passkey.at(0).id, "4");
  EXPECT_EQ(passkey.at(0).metric(" 77.", passkey.at(0).expected), 1);
  const auto plain = infinitebench_examples({"other.jsonl", line.dump()});
  EXPECT_EQ(plain.at(0).prompt, "C\n\nWhat is the pass key?");
  EXPECT_EQ(plain.at(0).variant, "other, plain form, exact match");
}

TEST(InfiniteBench, ChoicesHaveLetters) {
  Json line = {{"id", 0},
               {"context", "C"},
               {"input", "Who?"},
               {"answer", {"Cy"}},
               {"options", {"Ann", "Bo", "Cy", "Di"}}};
  const auto choice = infinitebench_examples({"longbook_choice_eng.jsonl", line.dump()});
  EXPECT_THAT(choice.at(0).prompt, HasSubstr("Question: Who?\nA. Ann\nB. Bo\nC. Cy\nD. Di\n"));
  EXPECT_THAT(choice.at(0).expected, ElementsAre("Cy", "C"));
  line["answer"] = {"Ed"};
  EXPECT_THAT(message_of([&] {
                infinitebench_examples({"code_debug.jsonl", line.dump()});
              }),
              HasSubstr("none of the options"));
  line["options"] = {"Ann"};
  EXPECT_THAT(message_of([&] {
                infinitebench_examples({"code_debug.jsonl", line.dump()});
              }),
              HasSubstr("\"options\" are 1"));
}

TEST(InfiniteBench, CodeAndMathTakePartsOfTheInput) {
  Json line = {{"id", 0},
               {"context", "C"},
               {"input", "func_x(1) func_12() the value of func_7(-3)."},
               {"answer", 5},
               {"options", Json::array()}};
  const auto code = infinitebench_examples({"code_run.jsonl", line.dump()});
  EXPECT_EQ(code.at(0).prompt,
            "There is a function called func_7 in the following Python code.\n\nC\n\nPlease compute the "
            "exact value of func_7(-3). The value of func_7(-3) is");
  EXPECT_EQ(code.at(0).metric(" 5", code.at(0).expected), 1);
  line["input"] = "nothing";
  EXPECT_THAT(message_of([&] {
                infinitebench_examples({"code_run.jsonl", line.dump()});
              }),
              HasSubstr("no call like"));
  line["input"] = "Only one number. The Second largest number of the list is: ";
  EXPECT_THAT(infinitebench_examples({"math_find.jsonl", line.dump()}).at(0).prompt,
              testing::StartsWith("What is the second largest number in the following list?\n\nC\n\nOnly"));
  line["answer"] = {{1, 4}};
  EXPECT_THAT(infinitebench_examples({"math_calc.jsonl", line.dump()}).at(0).expected, ElementsAre("1", "4"));
}

TEST(InfiniteBench, EveryDataSetHasAFormAndAMetric) {
  for (const std::string name : {"passkey", "number_string", "kv_retrieval", "longbook_sum_eng",
                                 "longbook_choice_eng", "longbook_qa_eng", "longbook_qa_chn",
                                 "longdialogue_qa_eng", "math_find", "math_calc", "code_run", "code_debug"}) {
    const Json line = {{"id", 0},
                       {"context", "C {input}"},
                       {"input", "The value of func_7(3) is one of"},
                       {"answer", {"12"}},
                       {"options", {"10", "11", "12", "13"}}};
    const Example example = infinitebench_examples({name + ".jsonl", line.dump()}).at(0);
    EXPECT_EQ(example.variant, name);
    EXPECT_THAT(example.prompt, AllOf(HasSubstr("C {input}"), testing::Not(HasSubstr("{context}"))));
    EXPECT_EQ(example.metric(name == "code_debug" ? "C." : "12", example.expected), 1) << name;
    EXPECT_EQ(example.metric("", example.expected), 0) << name;
  }
}

TEST(Ruler, ThePromptSaysWhichTask) {
  Json line = {{"index", 3},
               {"input", "Some special magic numbers are hidden"},
               {"outputs", {"12", "34"}},
               {"length", 9}};
  const auto niah = ruler_examples({"validation.jsonl", line.dump()});
  EXPECT_EQ(niah.at(0).prompt, "Some special magic numbers are hidden");
  EXPECT_EQ(niah.at(0).variant, "niah");
  EXPECT_EQ(niah.at(0).metric("34", niah.at(0).expected), 0.5);
  line["input"] = "Answer the question based on the given documents.";
  line["answer_prefix"] = " Answer:";
  const auto qa = ruler_examples({"validation.jsonl", line.dump()});
  EXPECT_TRUE(qa.at(0).prompt.ends_with("documents. Answer:"));
  EXPECT_EQ(qa.at(0).metric("34", qa.at(0).expected), 1);
  EXPECT_EQ(qa.at(0).answer_tokens, 32);
}

TEST(Ruler, FolderOrFileSayWhichDataSet) {
  const std::string line =
      Json{{"index", 3}, {"input", "Some special magic numbers are hidden"}, {"outputs", {"12"}}}.dump();
  const auto variant = [&](const std::string& file, const std::string& folder) {
    return ruler_examples({file, line, folder}).at(0).variant;
  };
  EXPECT_EQ(variant("validation.jsonl", "niah_multikey_2"), "niah_multikey_2");
  EXPECT_EQ(variant("niah_single_1.jsonl", "data"), "niah_single_1");
  EXPECT_EQ(variant("validation.jsonl", "data"), "niah");
  EXPECT_EQ(variant("validation.jsonl", "qa_1"), "niah") << "the words of the prompt count";
}

TEST(Questions, AskAboutTheTextOfTheLineOrTheOneBefore) {
  const std::string lines =
      R"({"text": "Ann has a cat.", "question": "Who?", "answers": ["Ann", "she"], "id": 7})"
      "\n"
      R"({"question": "Where?", "answers": [], "support": "a cat", "variant": "places", "max_tokens": 7})";
  const auto examples = questions_examples({"q.jsonl", lines});
  ASSERT_EQ(examples.size(), 2U);
  EXPECT_EQ(*examples[0].text, "Ann has a cat.");
  EXPECT_EQ(examples[0].text, examples[1].text);
  EXPECT_EQ(examples[0].id, "7");
  EXPECT_FALSE(examples[0].absent);
  EXPECT_EQ(examples[0].metric("I think she has", examples[0].expected), 1);
  EXPECT_EQ(examples[0].variant, "questions");
  EXPECT_TRUE(examples[1].absent);
  EXPECT_THAT(examples[1].support, ElementsAre("a cat"));
  EXPECT_EQ(examples[1].variant, "places");
  EXPECT_EQ(examples[0].answer_tokens, 128);
  EXPECT_EQ(examples[1].answer_tokens, 7);
}

TEST(Questions, SayWhatIsMissing) {
  const auto message = [](const char* line) {
    return message_of([line] { questions_examples({"q.jsonl", line}); });
  };
  EXPECT_THAT(message(R"({"question": "Who?", "answers": ["Ann"]})"),
              AllOf(HasSubstr("line 1"), HasSubstr("no line before")));
  EXPECT_THAT(message(R"({"text": "Ann", "answers": ["Ann"]})"), HasSubstr("\"question\""));
  EXPECT_THAT(message(R"({"text": "Ann", "question": "Who?", "answers": [[]]})"), HasSubstr("\"answers\""));
  for (const char* wrong : {"0", "-1", "1.5", "\"7\"", "null", "99999999999"}) {
    const std::string line =
        fmt::format(R"({{"text": "Ann", "question": "Who?", "answers": ["Ann"], "max_tokens": {}}})", wrong);
    EXPECT_THAT(message(line.c_str()), HasSubstr("\"max_tokens\"")) << wrong;
  }
}

}  // namespace
}  // namespace focusllm::eval
