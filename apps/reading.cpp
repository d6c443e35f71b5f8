#include "reading.h"

#include <algorithm>
#include <chrono>

#include <fmt/ranges.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "count_tokens.h"
#include "flags.h"
#include "interrupt.h"
#include "terminal.h"

namespace focusllm::cli {
namespace {

constexpr std::size_t kExcerptBytes = 240;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Warns of what is guessed about the template. Throws Error with the ways out where it is not known.
void check_template(const SessionFlags& flags, const Tokenizer& tokenizer) {
  try {
    warn_of_guesses(flags.model.path, ChatTemplate::of(flags.turns.chat_template, tokenizer)->guessed());
  } catch (const UnknownChatTemplate& error) {
    fail(
        "{}: {}; name the form of turns that the model was trained with (--chat-template {}), or give the "
        "text "
        "as it is (focusllm run --raw)",
        flags.model.path, error.what(), fmt::join(ChatTemplate::names(), ", "));
  }
}

}  // namespace

Reader::Reader(const SessionFlags& flags) : flags_(flags), engine_(flags.model.load()) {
  if (flags_.verbose)
    err_line(fmt::format("loaded {} in {:.2f} s, {} threads", engine_->name(), engine_->load_seconds(),
                         engine_->threads()));
  if (!flags.raw) check_template(flags, engine_->tokenizer());
  Session::Options options;
  options.context = flags.context.options();
  if (lacks_adapter(*engine_, options.context)) throw Error(missing_adapter(flags.model.path));
  options.raw = flags.raw;
  options.special = flags.special;
  options.chat_template = flags.turns.chat_template;
  options.system = flags.turns.system;
  options.on_progress = [this](const Progress& progress) {
    calibrating_.clear();
    progress_.show(progress);
  };
  options.on_calibration = [this](const Progress& progress) { calibrating_.show(progress); };
  open_session(std::move(options));
}

/// A new one, or one behind the text that is kept.
void Reader::open_session(Session::Options options) {
  if (flags_.texts.empty()) {
    session_ = std::make_unique<Session>(engine_, std::move(options));
    return;
  }
  const auto store = flags_.store.open();
  OpenedTexts opened = open_texts(*store, engine_, flags_.texts, options, flags_.predict);
  session_ = std::make_unique<Session>(std::move(opened.session));
  for (const StoredText& text : opened.texts) {
    for (const StoredSource& source : text.sources) texts_.push_back({source.name, source.bytes});
    if (tells())
      err_line(fmt::format("opened {}: {} tokens, by {}", text.name, grouped(text.tokens), text.method));
  }
}

void Reader::read(const std::vector<Document>& documents, std::string_view question) {
  std::int64_t coming = count_tokens(engine_->tokenizer(), question) + (flags_.raw ? 1 : kTemplateTokens);
  for (const auto& document : documents) coming += count_tokens(engine_->tokenizer(), document.text);
  coming += session_->tokens();
  coming_ = coming;
  if (!documents.empty() && tells()) err_line("reading " + describe(documents));
  progress_.expect(coming);
  session_->expect(coming, flags_.predict);

  const InterruptScope interrupt(*session_);
  start_ = std::chrono::steady_clock::now();
  reading_ = !documents.empty();
  for (const auto& document : documents) {
    session_->begin_text(document.name);
    texts_.push_back({document.name, std::ssize(document.text)});
    session_->read(document.text);
    // Two texts are two paragraphs; with --raw nothing is added to what was given.
    if (!flags_.raw && document.text.back() != '\n') session_->read("\n");
  }
}

Answer Reader::ask(const std::string& question, AskOptions options) {
  options.on_token = [this, next = std::move(options.on_token)](const GeneratedToken& token) {
    show_reading();
    return !next || next(token);
  };
  Answer answer = session_->ask(question, options);
  show_reading();
  return answer;
}

bool Reader::tells() const {
  return flags_.verbose || stderr_is_terminal();
}

bool Reader::fits(const std::string& question) {
  const auto tokens = std::ssize(engine_->tokenizer().encode(question)) + kTemplateTokens;
  try {
    session_->expect(std::max(coming_, session_->tokens() + tokens));
    return true;
  } catch (const Error& error) {
    const std::int64_t left = engine_->info().trained_context - session_->tokens();
    const bool plain = !session_->method().empty() && method_info(session_->method()).plain;
    const std::string room =
        plain ? fmt::format(" {} tokens are left;", std::max<std::int64_t>(left, 0)) : "";
    err_line(fmt::format(
        "the question is left out, it does not fit any more:{} with it {}; or end this conversation "
        "(Ctrl-D) and begin another",
        room, with_flags(error.what())));
    return false;
  }
}

std::string Reader::in_file() const {
  const TierUse use = session_->tier_use();
  if (use.disk_bytes == 0) return "";
  const auto chosen = static_cast<double>(std::max<std::int64_t>(1, use.found + use.read));
  return fmt::format(", {} in a file ({:.0f} % of the blocks chosen were in memory)",
                     format_bytes(use.disk_bytes), 100 * static_cast<double>(use.found) / chosen);
}

void Reader::show_reading() {
  progress_.clear();
  if (!reading_) return;
  reading_ = false;
  if (!tells()) return;
  const double seconds = seconds_since(start_);
  err_line(fmt::format("read {} tokens in {} ({}) with {}, keys and values {} in {}{}",
                       grouped(session_->tokens()), format_seconds(seconds),
                       format_rate(session_->tokens(), seconds), session_->method(),
                       format_bytes(session_->memory_bytes()), kv_type_name(session_->kv_type()), in_file()));
}

std::string Reader::source(const Citation& place) const {
  const std::int64_t end = place.first_token + place.tokens;
  std::string tokens = fmt::format("tokens {} to {}", grouped(place.first_token), grouped(end));
  if (place.line == 0) return tokens;
  return fmt::format("{}line {}, byte {}, {}", texts_.size() > 1 ? place.source + ", " : "",
                     grouped(place.line), grouped(place.byte), tokens);
}

void Reader::show_citations(const Answer& answer) const {
  if (!answer.supported.value_or(true)) {
    err_line(
        "no place in the text was found that speaks of what the question names: the answer may be a guess");
  }
  if (flags_.cite > 0 && answer.citations.empty())
    err_line(
        fmt::format("no places to cite: {} keeps no memory of the text that an answer could be traced to",
                    session_->method()));
  int number = 0;
  for (const Citation& place : answer.citations) {
    err(fmt::format("[{}] {:.0f} %, {}: {}\n", ++number, 100 * place.share, source(place),
                    one_line(place.quote, kExcerptBytes)));
  }
}

void Reader::show_timings(const Answer& answer) const {
  if (!flags_.verbose) return;
  const Timings& t = answer.timings;
  err_line(fmt::format("{} tokens read in {}, then {} generated ({}); most memory held {}",
                       grouped(t.prompt_tokens), format_seconds(t.read_seconds), grouped(t.generated_tokens),
                       format_rate(t.generated_tokens, t.generate_seconds), format_bytes(peak_memory())));
}

}  // namespace focusllm::cli
