#include <algorithm>
#include <iterator>

#include "eval/published/published.h"
#include "eval/rouge.h"

namespace focusllm::eval {
namespace {

double plain_number(std::string_view answer, const std::vector<std::string>& expected) {
  return number_share(answer, expected, "");
}
double paragraph(std::string_view answer, const std::vector<std::string>& expected) {
  return number_share(answer, expected, "Paragraph ");
}
double paragraph_zh(std::string_view answer, const std::vector<std::string>& expected) {
  return number_share(answer, expected, "段落");
}

struct LongBenchSet {
  std::string_view name;
  std::int64_t answer_tokens;
  double (*metric)(std::string_view answer,
                   const std::vector<std::string>& expected);  ///< null: classification
  bool first_line;
  std::string_view form;
};

// The published prompts, lengths and metrics, with their spelling.
constexpr LongBenchSet kLongBenchSets[] = {
    {"narrativeqa", 128, qa_f1, false,
     "You are given a story, which can be either a novel or a movie script, and a question. Answer the "
     "question asconcisely as you can, using a single phrase if possible. Do not provide any "
     "explanation.\n\nStory: {context}\n\nNow, answer the question based on the story asconcisely as "
     "you can, using a single phrase if possible. Do not provide any explanation.\n\nQuestion: "
     "{input}\n\nAnswer:"},
    {"qasper", 128, qa_f1, false,
     "You are given a scientific article and a question. Answer the question as concisely as you can, "
     "using a single phrase or sentence if possible. If the question cannot be answered based on the "
     "information in the article, write \"unanswerable\". If the question is a yes/no question, answer "
     "\"yes\", \"no\", or \"unanswerable\". Do not provide any explanation.\n\nArticle: {context}\n\n "
     "Answer the question based on the above article as concisely as you can, using a single phrase or "
     "sentence if possible. If the question cannot be answered based on the information in the article, "
     "write \"unanswerable\". If the question is a yes/no question, answer \"yes\", \"no\", or "
     "\"unanswerable\". Do not provide any explanation.\n\nQuestion: {input}\n\nAnswer:"},
    {"multifieldqa_en", 64, qa_f1, false,
     "Read the following text and answer briefly.\n\n{context}\n\nNow, answer the following question "
     "based on the above text, only give me the answer and do not output any other words.\n\nQuestion: "
     "{input}\nAnswer:"},
    {"multifieldqa_zh", 64, qa_f1_characters, false,
     "阅读以下文字并用中文简短回答：\n\n{context}"
     "\n\n现在请基于上面的文章回答下面的问题，只告诉我答案，不要输出任何其他字词。\n\n问题：{input}\n回答："},
    {"hotpotqa", 32, qa_f1, false,
     "Answer the question based on the given passages. Only give me the answer and do not output any "
     "other words.\n\nThe following are given passages.\n{context}\n\nAnswer the question based on the "
     "given passages. Only give me the answer and do not output any other words.\n\nQuestion: {input}\n"
     "Answer:"},
    {"2wikimqa", 32, qa_f1, false,
     "Answer the question based on the given passages. Only give me the answer and do not output any "
     "other words.\n\nThe following are given passages.\n{context}\n\nAnswer the question based on the "
     "given passages. Only give me the answer and do not output any other words.\n\nQuestion: {input}\n"
     "Answer:"},
    {"musique", 32, qa_f1, false,
     "Answer the question based on the given passages. Only give me the answer and do not output any "
     "other words.\n\nThe following are given passages.\n{context}\n\nAnswer the question based on the "
     "given passages. Only give me the answer and do not output any other words.\n\nQuestion: {input}\n"
     "Answer:"},
    {"dureader", 128, rouge_l_characters, false,
     "请基于给定的文章回答下述问题。\n\n文章：{context}\n\n请基于上述文章回答下面的问题。\n\n问题：{input}"
     "\n回答："},
    {"gov_report", 512, rouge_l, false,
     "You are given a report by a government agency. Write a one-page summary of the report.\n\n"
     "Report:\n{context}\n\nNow, write a one-page summary of the report.\n\nSummary:"},
    {"qmsum", 512, rouge_l, false,
     "You are given a meeting transcript and a query containing a question or instruction. Answer the "
     "query in one or more sentences.\n\nTranscript:\n{context}\n\nNow, answer the query based on the "
     "above meeting transcript in one or more sentences.\n\nQuery: {input}\nAnswer:"},
    {"multi_news", 512, rouge_l, false,
     "You are given several news passages. Write a one-page summary of all news. \n\nNews:\n"
     "{context}\n\nNow, write a one-page summary of all the news.\n\nSummary:"},
    {"vcsum", 512, rouge_l_characters, false,
     "下面有一段会议记录，请你阅读后，写一段总结，总结会议的内容。\n会议记录：\n{context}\n\n会议总结："},
    {"trec", 64, nullptr, true,
     "Please determine the type of the question below. Here are some examples of questions.\n\n"
     "{context}\n{input}"},
    {"triviaqa", 32, qa_f1, true,
     "Answer the question based on the given passage. Only give me the answer and do not output any "
     "other words. The following are some examples.\n\n{context}\n\n{input}"},
    {"samsum", 128, rouge_l, true,
     "Summarize the dialogue into a few short sentences. The following are some examples.\n\n"
     "{context}\n\n{input}"},
    {"lsht", 64, nullptr, true, "请判断给定新闻的类别，下面是一些例子。\n\n{context}\n{input}"},
    {"passage_count", 32, plain_number, false,
     "There are some paragraphs below sourced from Wikipedia. Some of them may be duplicates. Please "
     "carefully read these paragraphs and determine how many unique paragraphs there are after removing "
     "duplicates. In other words, how many non-repeating paragraphs are there in total?\n\n{context}\n\n"
     "Please enter the final count of unique paragraphs after removing duplicates. The output format "
     "should only contain the number, such as 1, 2, 3, and so on.\n\nThe final answer is: "},
    {"passage_retrieval_en", 32, paragraph, false,
     "Here are 30 paragraphs from Wikipedia, along with an abstract. Please determine which paragraph "
     "the abstract is from.\n\n{context}\n\nThe following is an abstract.\n\n{input}\n\nPlease enter "
     "the number of the paragraph that the abstract is from. The answer format must be like \"Paragraph "
     "1\", \"Paragraph 2\", etc.\n\nThe answer is: "},
    {"passage_retrieval_zh", 32, paragraph_zh, false,
     "以下是若干段落文字，以及其中一个段落的摘要。请确定给定的摘要出自哪一段。\n\n{context}"
     "\n\n下面是一个摘要\n\n{input}\n\n"
     "请输入摘要所属段落的编号。答案格式必须是\"段落1\"，\"段落2\"等格式\n\n答案是："},
    {"lcc", 64, edit_similarity, false,
     "Please complete the code given below. \n{context}Next line of code:\n"},
    {"repobench-p", 64, edit_similarity, false,
     "Please complete the code given below. \n{context}{input}Next line of code:\n"},
};

constexpr LongBenchSet kUnknownLongBench{"", kPlainAnswerTokens, qa_f1, false, kPlainForm};

const LongBenchSet& longbench_set(std::string_view name) {
  if (name.ends_with("_e")) name.remove_suffix(2);  // LongBench-E
  const auto* found = std::find_if(std::begin(kLongBenchSets), std::end(kLongBenchSets),
                                   [&](const LongBenchSet& one) { return one.name == name; });
  return found == std::end(kLongBenchSets) ? kUnknownLongBench : *found;
}

std::string variant_of(const std::string& name, const LongBenchSet& set) {
  if (set.name.empty()) return name + ", plain form, QA F1";
  const bool by_characters = set.metric == qa_f1_characters || set.metric == rouge_l_characters;
  return name + (by_characters ? ", by characters" : "");
}

Example longbench_example(const nlohmann::json& object) {
  Example example;
  const std::string name = text_field(object, "dataset");
  const LongBenchSet& set = longbench_set(name);
  example.id = text_field(object, "_id");
  example.variant = variant_of(name, set);
  example.prompt =
      filled(set.form, {{"context", text_field(object, "context")}, {"input", text_field(object, "input")}});
  example.expected = list_field(object, "answers");
  example.answer_tokens = set.answer_tokens;
  example.metric = set.metric;
  example.first_line = set.first_line;
  if (set.metric == nullptr) {
    example.metric = [classes = list_field(object, "all_classes")](auto answer, const auto& expected) {
      return classification(answer, expected, classes);
    };
  }
  return example;
}

}  // namespace

std::vector<Example> longbench_examples(const NamedText& file) {
  return examples_of(file, longbench_example);
}

}  // namespace focusllm::eval
