#include <algorithm>

#include "base/error.h"
#include "eval/tasks/draw.h"
#include "eval/tasks/people.h"
#include "eval/tasks/tasks.h"

namespace focusllm::eval {
namespace {

constexpr std::size_t kFacts = 12;                // that a text carries; each is asked for
constexpr std::size_t kOfOneForm = 2;             // about different people
constexpr std::int64_t kTokensForEachFact = 256;  // shorter texts carry fewer facts
constexpr std::int64_t kQuestionTokens = 40;      // at most
constexpr std::int64_t kFactAnswerTokens = 48;

/// A sentence, how it is asked for, and what answers that.
struct Fact {
  std::string text;
  std::string question;
  std::vector<std::string> expected;  ///< one of them
};

/// What one text is made from: as many questions as facts.
struct Material {
  std::vector<Fact> hidden;
  std::vector<Fact> asked;
};

template <typename Form>
std::vector<Form> shuffled(Chance& chance, std::span<const Form> forms) {
  std::vector<Form> all(forms.begin(), forms.end());
  shuffle(chance, all);
  return all;
}

Fact make_fact(Chance& chance, const FactForm& form, const std::string& person) {
  const std::string value = draw_value(chance, form);
  return {fmt::format(fmt::runtime(form.fact), person, value),
          fmt::format(fmt::runtime(form.question), person),
          {value}};
}

std::vector<Fact> draw_facts(Chance& chance, const std::vector<FactForm>& forms,
                             const std::vector<std::string>& people) {
  std::vector<Fact> facts;
  for (std::size_t i = 0; i < kFacts; ++i)
    facts.push_back(make_fact(chance, forms[i / kOfOneForm], people[i]));
  return facts;
}

Material named_facts(Chance& chance) {
  const std::vector<FactForm> forms = shuffled(chance, fact_forms());
  std::vector<Fact> facts = draw_facts(chance, forms, draw_people(chance, kFacts));
  return {facts, facts};
}

/// Questions by turns about a person whom the text does not name, about something that it says of others
/// only, and about neither.
Material absent_facts(Chance& chance) {
  const std::vector<FactForm> forms = shuffled(chance, fact_forms());
  const std::vector<std::string> people = draw_people(chance, 2 * kFacts);
  Material material{draw_facts(chance, forms, people), {}};
  for (std::size_t i = 0; i < kFacts; ++i) {
    const bool form_there = i % 3 == 0, person_there = i % 3 == 1;
    const std::size_t form = i / kOfOneForm + (form_there ? 0 : kFacts / kOfOneForm);
    Fact fact = make_fact(chance, forms[form], people[person_there ? i : kFacts + i]);
    material.asked.push_back({"", std::move(fact.question), {kNotThere}});
  }
  return material;
}

Material paraphrased_facts(Chance& chance) {
  const std::vector<Paraphrase> forms = shuffled(chance, paraphrases());
  const std::vector<std::string> people = draw_people(chance, kFacts);
  Material material;
  for (std::size_t i = 0; i < kFacts; ++i) {
    const std::string& person = people[i];
    const std::size_t space = person.find(' ');
    material.hidden.push_back({fmt::format(fmt::runtime(forms[i].fact), person),
                               std::string(forms[i].question),
                               {person.substr(0, space), person.substr(space + 1)}});
  }
  material.asked = material.hidden;
  return material;
}

/// Sentences about people in a haystack. The questions of a text ask for each of them.
class FactsTask : public Task {
 public:
  FactsTask(std::shared_ptr<const Haystack> haystack, Material (*draw)(Chance& chance))
      : haystack_(std::move(haystack)), draw_(draw) {}
  std::string variant() const override { return haystack_->name(); }
  bool has_depth() const override { return false; }
  int questions() const override { return kFacts; }
  Prompt make(const Case& which) const override;

 private:
  std::shared_ptr<const Haystack> haystack_;
  Material (*draw_)(Chance& chance);
};

Prompt FactsTask::make(const Case& which) const {
  Chance chance(which.text_seed);
  const Material material = draw_(chance);
  const auto question = static_cast<std::size_t>(which.question);
  const auto carried =
      static_cast<std::size_t>(std::clamp<std::int64_t>(which.length / kTokensForEachFact, 1, kFacts));
  const std::size_t first = carried < kFacts ? question : 0;
  const Fact& asked = material.asked[question];
  Hidden hidden;
  for (std::size_t i = 0; i < carried; ++i)
    hidden.lines.push_back(material.hidden[(first + i) % kFacts].text);
  shuffle(chance, hidden.lines);
  hidden.places = draw_places(chance, carried);
  hidden.begin = draw_places(chance, 1).front();
  hidden.question = asked.question;
  Prompt prompt = hide(*haystack_, hidden, which.length - kQuestionTokens);
  append(prompt.tokens,
         haystack_->tokenizer().encode_continued(fmt::format("\nQuestion: {}\nAnswer:", asked.question)));
  prompt.needle.reset();
  prompt.absent = asked.text.empty();
  prompt.support.clear();
  if (!prompt.absent) prompt.support.push_back(asked.text);
  prompt.expected = asked.expected;
  prompt.answer_tokens = kFactAnswerTokens;
  prompt.metric = fact_match;
  return prompt;
}

std::vector<TaskPointer> in_each_haystack(const TaskSetup& setup, Material (*draw)(Chance& chance)) {
  std::vector<TaskPointer> tasks;
  for (const auto& haystack : setup.haystacks)
    tasks.push_back(std::make_shared<const FactsTask>(haystack, draw));
  return tasks;
}

}  // namespace

std::vector<TaskPointer> facts_tasks(const TaskSetup& setup) {
  return in_each_haystack(setup, named_facts);
}

std::vector<TaskPointer> absent_tasks(const TaskSetup& setup) {
  return in_each_haystack(setup, absent_facts);
}

std::vector<TaskPointer> paraphrase_tasks(const TaskSetup& setup) {
  return in_each_haystack(setup, paraphrased_facts);
}

}  // namespace focusllm::eval
