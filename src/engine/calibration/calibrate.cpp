#include <algorithm>
#include <chrono>
#include <iterator>
#include <memory>
#include <utility>

#include "base/error.h"
#include "context/method.h"
#include "context/recall/asking.h"
#include "engine/answer_job.h"
#include "engine/calibration/known.h"
#include "engine/calibration/measured.h"
#include "engine/calibration/search.h"
#include "engine/calibration/texts.h"
#include "engine/options.h"
#include "engine/parts.h"
#include "engine/scheduler.h"
#include "engine/transcript.h"
#include "focusllm/calibration.h"
#include "focusllm/chat_template.h"

namespace focusllm {
namespace {

using calibration::Case;

constexpr std::size_t kShown = 20;  // single heads that are told

/// A text and its questions as tokens, as a conversation has them.
struct Tokens {
  struct Asked {
    std::vector<Token> question;
    std::int64_t first, end;  ///< tokens of what answers it
  };
  std::size_t number = 0;  ///< of kTexts
  std::int64_t opening = 0;
  std::vector<Token> text = {};   ///< with the opening
  std::vector<Token> plain = {};  ///< the question that says nothing
  std::vector<Asked> asked = {};
  std::int64_t count() const {
    std::int64_t count = std::ssize(text) + std::ssize(plain);
    for (const Asked& one : asked) count += std::ssize(one.question);
    return count;
  }
};

std::shared_ptr<const ChatTemplate> template_of(const Tokenizer& tokenizer) {
  try {
    return ChatTemplate::of("", tokenizer);
  } catch (const UnknownChatTemplate&) {
    return nullptr;
  }
}

Tokens tokens_of(std::size_t number, const Tokenizer& tokenizer, std::string_view lead) {
  Transcript transcript(tokenizer, template_of(tokenizer), "", false);
  Tokens tokens{.number = number, .plain = transcript.plain_question(lead)};
  transcript.begin_text();
  tokens.opening = transcript.size();
  const std::vector<calibration::Passage> passages =
      calibration::make_text(calibration::kTexts[number].kind, calibration::kTexts[number].seed);
  std::vector<std::pair<std::int64_t, std::int64_t>> places;
  for (const calibration::Passage& passage : passages) {
    const std::int64_t first = transcript.size();
    transcript.take(passage.text);
    transcript.end_text();
    places.emplace_back(first, transcript.size());
  }
  tokens.text = transcript.tokens();
  for (std::size_t i = 0; i < passages.size(); ++i) {
    if (passages[i].question.empty()) continue;
    Transcript asking = transcript;
    asking.ask(passages[i].question, lead);
    tokens.asked.push_back({{asking.tokens().begin() + transcript.size(), asking.tokens().end()},
                            places[i].first,
                            places[i].second});
  }
  return tokens;
}

/// Reads the texts and asks all heads.
class Measuring {
 public:
  Measuring(const Engine& engine, const CancelToken& cancel, const ProgressCallback& progress)
      : engine_(engine),
        cancel_(cancel),
        progress_(progress),
        heads_(context::all_heads(spec_of(engine))),
        options_(options_of(engine)) {
    for (std::size_t text = 0; text < std::size(calibration::kTexts); ++text) {
      texts_.push_back(tokens_of(text, engine.tokenizer(), method_info(options_.method).lead));
      total_ += texts_.back().count();
    }
  }

  Calibration measure() {
    for (const Tokens& text : texts_) take(text);
    Calibration found;
    const attention::HeadShape& shape = spec_of(engine_).heads;
    const auto chosen =
        calibration::choose_heads(cases_, heads_, spec_of(engine_).layers, shape.heads / shape.kv_heads);
    found.heads = chosen.empty() ? "" : context::format_heads(chosen);
    found.gain = calibration::gain_of(cases_, heads_, chosen);
    for (const context::QueryHead& head : heads_) {
      const context::HeadGroup alone{{head}};
      found.singles.push_back({context::format_heads(std::span(&alone, 1)),
                               calibration::gain_of(cases_, heads_, std::span(&alone, 1))});
    }
    std::ranges::stable_sort(found.singles, std::ranges::greater(),
                             [](const Calibration::Single& one) { return one.gain.mean(); });
    found.singles.resize(std::min(found.singles.size(), kShown));
    return found;
  }

 private:
  static context::Options options_of(const Engine& engine) {
    ContextOptions options;
    options.method = std::ranges::find_if(methods(), &MethodInfo::calibrates)->name;
    return context::settled(resolve(options, attention::KvType::bf16), spec_of(engine));
  }

  /// What is known of a text from a calibration that was interrupted, else what is measured now.
  void take(const Tokens& text) {
    const std::string hash = engine_.model_hash();
    auto cases = calibration::measured(hash, text.number, heads_.size());
    if (cases && cases->size() == text.asked.size()) {
      total_ -= text.count();
    } else {
      cases = measure(text);
      calibration::keep_measured(hash, text.number, *cases);
    }
    std::ranges::move(*cases, std::back_inserter(cases_));
  }

  std::vector<Case> measure(const Tokens& text) {
    context::Reader reader(options_, EngineParts::model(engine_), heads_, attention::KvType::int8);
    reader.append(text.text);
    reader.end_text();
    run(reader);
    const context::Scoring scoring{.block = options_.block,
                                   .first = text.opening,
                                   .end = std::ssize(text.text),
                                   .isa = model_of(engine_).isa()};
    std::vector<Case> cases;
    const context::BlockScores plain = ask(reader, text.plain, scoring);
    for (const Tokens::Asked& asked : text.asked) {
      const auto block = [&](std::int64_t token) { return (token - text.opening) / options_.block; };
      Case one{.kind = calibration::kTexts[text.number].kind,
               .first = static_cast<std::size_t>(block(asked.first)),
               .last = static_cast<std::size_t>(block(asked.end - 1) + 1),
               .scores = ask(reader, asked.question, scoring)};
      context::leave_out(plain, one.scores);
      cases.push_back(std::move(one));
      cancel_.check();
    }
    return cases;
  }

  context::BlockScores ask(const context::Reader& reader, std::span<const Token> question,
                           const context::Scoring& scoring) {
    context::Asking asking(reader, model_of(engine_), options_.distance, question);
    run(asking.lane(), asking.lane().done());
    context::BlockScores scores;
    scheduler().call([&] { scores = asking.scores(scoring); });
    return scores;
  }

  /// Runs all that waits in a context, of which `before` tokens are done.
  void run(context::Context& context, std::int64_t before = 0) {
    ContextJob job(context);
    scheduler().run(job, cancel_, [&] {
      if (!progress_) return;
      const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start_;
      progress_({done_ + job.done() - before, total_, seconds.count()});
    });
    done_ += context.done() - before;
  }
  Scheduler& scheduler() const { return EngineParts::scheduler(engine_); }

  const Engine& engine_;
  const CancelToken& cancel_;
  const ProgressCallback& progress_;
  std::vector<context::QueryHead> heads_;
  context::Options options_;
  std::vector<Tokens> texts_;
  std::vector<Case> cases_;
  std::int64_t done_ = 0, total_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace

std::optional<Calibration> known_calibration(const Engine& engine) {
  const std::string hash = engine.model_hash();
  if (auto found = calibration::shipped(hash)) return found;
  return calibration::kept(hash);
}

Calibration calibrate(const Engine& engine, const CancelToken& cancel, const ProgressCallback& progress) {
  Calibration found = Measuring(engine, cancel, progress).measure();
  calibration::keep(engine.model_hash(), found);
  calibration::forget_measured(engine.model_hash());
  return found;
}

}  // namespace focusllm
