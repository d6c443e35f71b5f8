// Samples that ask for facts hidden in the chunks.
#include <algorithm>
#include <set>

#include "base/error.h"
#include "data/question.h"

namespace focusllm::data {
namespace {

constexpr int kTries = 64;
/// Facts with names of their own that may stand in the local window's text.
constexpr std::int64_t kMostNearby = 2;

/// The facts of a memory. A key that is there twice has two answers: it is not asked for.
class Told {
 public:
  explicit Told(const Chunks& memory) {
    for (std::size_t i = 0; i < memory.size(); ++i) {
      for (const Fact& fact : memory[i]->facts) tell(fact, i);
      if (!memory[i]->across) continue;
      if (i + 1 < memory.size() && memory[i]->goes_on_in(*memory[i + 1]))
        tell(*memory[i]->across, i);
      else
        add(*memory[i]->across);  // told by half
    }
    for (const auto& chunk : memory)
      for (const Fact& fact : chunk->before)
        add(fact);  // perhaps told as well: not to be asked for as untold
    std::erase_if(facts_, [this](const Asked& each) { return twice_.count(each.fact.key()) > 0; });
  }

  /// What can be asked for.
  std::vector<Asked>& facts() { return facts_; }
  bool tells(const Fact& fact) const { return keys_.count(fact.key()) > 0; }
  void add(const Fact& fact) { keys_.insert(fact.key()); }

 private:
  void tell(const Fact& fact, std::size_t chunk) {
    if (keys_.insert(fact.key()).second)
      facts_.push_back({fact, chunk, 0, 0});
    else
      twice_.insert(fact.key());
  }

  std::vector<Asked> facts_;
  std::set<std::string> keys_, twice_;
};

/// Like a fact that is told, but not told itself.
Fact untold(Told& told, Random& random) {
  for (;;) {
    Fact fact = FactMaker::like(random.pick(told.facts()).fact, random);
    if (told.tells(fact)) continue;
    told.add(fact);
    return fact;
  }
}

/// The text in front of the questions: what follows the memory, if it goes on for that long.
std::vector<Token> text_nearby(const Draw& draw, const Chunks& memory, Told& told) {
  const std::int64_t size = draw.random.log_in(draw.options().local);
  const PoolChunk& last = *memory.back();
  const auto& text = last.document->tokens;
  std::vector<Token> tokens =
      last.end + size <= std::ssize(text)
          ? std::vector<Token>(text.begin() + last.end, text.begin() + last.end + size)
          : draw.source.running_text(size, draw.random);
  std::vector<Fact> facts;
  for (std::int64_t i = draw.random.in({0, kMostNearby}); i > 0; --i) {
    Fact fact = untold(told, draw.random);
    const std::int64_t needed = std::ssize(draw.source.statement(fact));
    if (2 * needed > std::ssize(tokens)) continue;
    tokens.resize(tokens.size() - static_cast<std::size_t>(needed));
    facts.push_back(std::move(fact));
  }
  draw.source.hide(facts, tokens, draw.random);
  return tokens;
}

Chunks memory_with_facts(const Draw& draw) {
  for (int i = 0; i < kTries; ++i) {
    Chunks memory = draw_memory(draw, draw.random.in(draw.options().chunks));
    if (!Told(memory).facts().empty()) return memory;
  }
  fail(
      "retrieval finds no fact to ask for in {} draws: raise `facts` or `chunk_size` (a fact takes about 30 "
      "tokens, and half "
      "of a chunk stays text), or give `retrieval` 0",
      kTries);
}

}  // namespace

Drawn draw_retrieval(const Draw& draw) {
  Chunks memory = memory_with_facts(draw);
  Told told(memory);
  QuestionWriter writer(draw, draw.source.chat() != nullptr && draw.random.chance(draw.options().chat));
  writer.begin(text_nearby(draw, memory, told));

  const std::int64_t start = writer.rows.size();
  draw.random.shuffle(std::span(told.facts()));
  const std::int64_t count =
      std::min<std::int64_t>(draw.random.log_in(draw.options().questions), std::ssize(told.facts()));
  for (std::int64_t i = 0; i < count; ++i) {
    if (i > 0 && writer.rows.size() - start > kMostQuestionRows / 2) break;
    if (draw.random.chance(draw.options().absent))
      writer.ask({untold(told, draw.random), std::nullopt, 0, 0}, false);
    else
      writer.ask(told.facts()[static_cast<std::size_t>(i)], true);
  }
  return finish(draw, train::Sample::Kind::retrieval, std::move(memory), writer.rows,
                std::move(writer.asked));
}

}  // namespace focusllm::data
