#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "base/error.h"
#include "context/method.h"
#include "context/recall/reader.h"
#include "context/recall/score.h"
#include "engine/answer_job.h"
#include "engine/calibration/known.h"
#include "engine/calibration/search.h"
#include "engine/calibration/texts.h"
#include "engine/options.h"
#include "engine/parts.h"
#include "engine/scheduler.h"
#include "focusllm/calibration.h"
#include "focusllm/chat_template.h"

namespace focusllm {
namespace {

using calibration::Case;
using calibration::Kind;

constexpr std::size_t kMostHeads = 3;
constexpr std::size_t kShown = 20;  // single heads that are told

/// A text as tokens, as a conversation begins with it.
struct Tokens {
  struct Asked {
    std::vector<Token> question;
    std::int64_t first, end;  ///< tokens of what answers it
  };
  Kind kind = Kind::facts;
  std::int64_t opening = 0;
  std::vector<Token> text = {};  ///< with the opening
  std::vector<Asked> asked = {};
  std::int64_t count() const {
    std::int64_t count = std::ssize(text);
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

Tokens tokens_of(Kind kind, const Tokenizer& tokenizer) {
  const auto chat = template_of(tokenizer);
  Tokens tokens{.kind = kind};
  const auto append = [](std::vector<Token>& to, const std::vector<Token>& more) {
    to.insert(to.end(), more.begin(), more.end());
  };
  if (chat) {
    tokens.text = chat->open("");
  } else if (tokenizer.adds_bos() && tokenizer.bos()) {
    tokens.text.push_back(*tokenizer.bos());
  }
  tokens.opening = std::ssize(tokens.text);
  for (const calibration::Passage& passage : calibration::make_text(kind)) {
    const std::int64_t first = std::ssize(tokens.text);
    append(tokens.text, tokenizer.encode_continued(passage.text));
    if (passage.question.empty()) continue;
    std::vector<Token> question = tokenizer.encode_continued("\n\n" + passage.question);
    if (chat) append(question, chat->answer());
    tokens.asked.push_back({std::move(question), first, std::ssize(tokens.text)});
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
    for (const Kind kind : calibration::kKinds) {
      texts_.push_back(tokens_of(kind, engine.tokenizer()));
      total_ += texts_.back().count();
    }
  }

  Calibration measure() {
    for (const Tokens& text : texts_) measure(text);
    Calibration found;
    const auto chosen = calibration::choose_heads(cases_, heads_, spec_of(engine_).layers, kMostHeads);
    std::vector<context::QueryHead> named;
    for (const calibration::Weighted& one : chosen) {
      named.push_back(heads_[one.head]);
      named.back().weight = one.weight;
    }
    found.heads = named.empty() ? "" : context::format_heads(named);
    found.gain = calibration::gain_of(cases_, chosen);
    for (std::size_t head = 0; head < heads_.size(); ++head) {
      const calibration::Weighted alone{head, 1};
      found.singles.push_back({context::format_heads(std::span(&heads_[head], 1)),
                               calibration::gain_of(cases_, std::span(&alone, 1))});
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

  void measure(const Tokens& text) {
    context::Reader reader(options_, EngineParts::model(engine_), heads_, attention::KvType::int8);
    reader.append(text.text);
    reader.end_text();
    run(reader);
    for (const Tokens::Asked& asked : text.asked) {
      context::HeadQueries queries(reader.keys().heads(), model_of(engine_), options_.distance);
      const auto asking = reader.asking(queries);
      asking->append(asked.question);
      asking->end_text();
      const std::int64_t before = asking->done();
      run(*asking, before);
      const context::Scoring scoring{.block = options_.block,
                                     .first = text.opening,
                                     .end = std::ssize(text.text),
                                     .isa = model_of(engine_).isa()};
      const auto block = [&](std::int64_t token) { return (token - text.opening) / options_.block; };
      Case one{.kind = text.kind,
               .first = static_cast<std::size_t>(block(asked.first)),
               .last = static_cast<std::size_t>(block(asked.end - 1) + 1)};
      scheduler().call([&] { one.scores = context::block_scores(reader.keys(), queries, scoring); });
      cases_.push_back(std::move(one));
      cancel_.check();
    }
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
  return found;
}

}  // namespace focusllm
