#include "data/question.h"

#include <algorithm>

namespace focusllm::data {
namespace {

/// Share of conversations that begin within the local window; the others began in the memory, as with a long
/// text.
constexpr double kOpensHere = 0.3;
/// Share of answers that are only the value, of questions in plain text that are a sentence to be completed,
/// and of these that have a question in front.
constexpr double kBare = 0.6, kCompletion = 0.45, kAskedBefore = 0.4;

struct Frame {
  std::string_view question, answer;
};
/// How a question and its answer are set in plain text.
constexpr Frame kFrames[] = {
    {"\n\nQuestion: ", "\nAnswer:"}, {"\n\nQ: ", "\nA:"}, {"\n\n", "\n"}, {"\n", " Answer:"}};

const Forms& forms_of(const Fact& fact) {
  return forms(fact.attribute->subject);
}

}  // namespace

QuestionWriter::QuestionWriter(const Draw& draw, bool chat)
    : draw_(draw), chat_(chat ? draw.source.chat() : nullptr) {}

std::vector<Token> QuestionWriter::encode(const std::string& text) const {
  return draw_.source.tokenizer().encode_continued(text);
}

void QuestionWriter::begin(const std::vector<Token>& text) {
  if (chat_ != nullptr && draw_.random.chance(kOpensHere)) rows.add(chat_->open(""));
  rows.add(text);
}

void QuestionWriter::ask(Asked question, bool told) {
  const std::int64_t before = rows.size();
  if (chat_ != nullptr)
    ask_in_chat(question.fact, told);
  else if (told && draw_.random.chance(kCompletion))
    complete(question.fact);
  else
    ask_in_text(question.fact, told);
  const auto first = std::find(rows.labelled.begin() + before, rows.labelled.end(), 1);
  question.first_label = first - rows.labelled.begin() - 1;
  question.labels = std::count(first, rows.labelled.end(), 1);
  asked.push_back(std::move(question));
}

std::string QuestionWriter::answer(const Fact& fact, bool told) const {
  if (!told) return fill(draw_.random.pick(forms_of(fact).refusals), fact, draw_.random);
  if (!draw_.random.chance(kBare)) return fill(draw_.random.pick(forms_of(fact).answers), fact, draw_.random);
  return fact.value + (draw_.random.chance(0.5) ? "." : "");
}

void QuestionWriter::add_answer(const std::string& text, const std::vector<Token>& end) {
  rows.add(encode(text), true);
  rows.add({end.front()}, true);
  pending_.assign(end.begin() + 1, end.end());
}

void QuestionWriter::ask_in_chat(const Fact& fact, bool told) {
  const std::string question = fill(draw_.random.pick(forms_of(fact).questions), fact, draw_.random);
  if (asked.empty()) {
    rows.add(encode("\n\n" + question));
  } else {
    rows.add(pending_);
    rows.add(chat_->words(question, pending_));
  }
  rows.add(chat_->answer());
  add_answer(answer(fact, told), chat_->next());
}

void QuestionWriter::ask_in_text(const Fact& fact, bool told) {
  const Frame& frame = draw_.random.pick(kFrames);
  const std::string question = fill(draw_.random.pick(forms_of(fact).questions), fact, draw_.random);
  rows.add(pending_);
  rows.add(encode(std::string(frame.question) + question + std::string(frame.answer)));
  const std::string space = frame.answer.ends_with('\n') ? "" : " ";
  add_answer(space + answer(fact, told), encode("\n\n"));
}

void QuestionWriter::complete(const Fact& fact) {
  const Completion& form = draw_.random.pick(forms_of(fact).completions);
  const std::string before = fill(form.before, fact, draw_.random);
  rows.add(pending_);
  std::string cue = "\n";
  if (draw_.random.chance(kAskedBefore))
    cue += fill(draw_.random.pick(forms_of(fact).questions), fact, draw_.random) + " ";
  rows.add(encode(cue + before));
  add_answer((before.ends_with('\t') ? "" : " ") + fact.value, encode(std::string(form.after)));
}

}  // namespace focusllm::data
