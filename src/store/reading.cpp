#include <algorithm>
#include <chrono>
#include <span>
#include <utility>

#include "base/error.h"
#include "base/hash.h"
#include "focusllm/store.h"

namespace focusllm {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kReadAtOnce = std::size_t{1} << 13;  // bytes, between two looks at the cancel token

/// Several texts as one: each begins on a line of its own.
class Joined {
 public:
  explicit Joined(const std::vector<SourceText>& sources, bool raw) {
    for (const SourceText& source : sources) {
      begins_.push_back(size_);
      add(source.text);
      // With raw, nothing is added to what was given.
      if (!raw && !source.text.ends_with('\n')) add("\n");
    }
  }

  std::int64_t size() const { return size_; }
  /// Bytes from `place` on that are in one piece of memory.
  std::string_view at(std::int64_t place) const {
    for (const std::string_view part : parts_) {
      if (place < std::ssize(part)) return part.substr(static_cast<std::size_t>(place));
      place -= std::ssize(part);
    }
    return {};
  }
  std::string hash(std::int64_t bytes) const {
    std::vector<std::span<const std::byte>> pieces;
    for (std::int64_t place = 0; place < bytes;) {
      const std::string_view part = at(place).substr(0, static_cast<std::size_t>(bytes - place));
      pieces.push_back(std::as_bytes(std::span(part)));
      place += std::ssize(part);
    }
    return content_hash(pieces);
  }
  const std::vector<std::int64_t>& begins() const { return begins_; }

 private:
  void add(std::string_view part) {
    parts_.push_back(part);
    size_ += std::ssize(part);
  }
  std::vector<std::string_view> parts_;
  std::vector<std::int64_t> begins_;  ///< of each source
  std::int64_t size_ = 0;
};

/// One reading into a store.
class Reading {
 public:
  Reading(Store& store, std::shared_ptr<const Engine> engine, const std::vector<SourceText>& sources,
          const ReadOptions& options, std::string name)
      : store_(store),
        engine_(std::move(engine)),
        sources_(sources),
        options_(options),
        text_(sources, options.session.raw),
        cancel_(std::exchange(options_.session.cancel, nullptr)) {
    now_.name = std::move(name);
    now_.model = engine_->name();
  }

  StoredText run() {
    open();
    while (now_.bytes < text_.size()) read_more();
    if (now_.complete) return now_;
    session_->end_text();
    now_.complete = true;
    save();
    if (options_.on_found && session_->found() > 0) options_.on_found(session_->found());
    return now_;
  }

 private:
  /// Goes on from what the store has of the text, or begins.
  void open() {
    const auto known = store_.find(now_.name, saved_encoder(*engine_), options_.session.context.method);
    if (known) {
      try {
        if (is_beginning(*known)) return go_on_from(*known);
        if (method_info(known->method).revises)
          session_ = Session::revise(engine_, options_.session, store_.get(*known));
      } catch (const Error&) {
        // It was read with other settings than are asked for now, or is damaged: it is read anew.
        session_.reset();
      }
    }
    if (!session_) session_.emplace(engine_, options_.session);
    if (options_.expected_tokens > 0) session_->expect(options_.expected_tokens);
  }

  void go_on_from(const StoredText& known) {
    session_ = Session::restore(engine_, options_.session, store_.get(known));
    now_ = known;
    now_.complete = known.complete && known.bytes == text_.size();
    for (std::size_t i = 0; i < now_.sources.size(); ++i) {
      now_.sources[i].name = sources_[i].name;
      now_.sources[i].bytes = std::ssize(sources_[i].text);
    }
    if (known.complete && !now_.complete) go_on_with_last_source();
    if (options_.on_known) options_.on_known(known);
    if (now_.complete && !has_sources(known)) save();
  }

  /// Behind a text that had ended, what was appended is a run of tokens of its own: the place where it goes
  /// on is said again.
  void go_on_with_last_source() {
    const std::size_t last = now_.sources.size() - 1;
    const std::int64_t byte = now_.bytes - now_.sources[last].first_byte;
    if (byte >= std::ssize(sources_[last].text)) return;
    const std::string_view before = sources_[last].text.substr(0, static_cast<std::size_t>(byte));
    session_->begin_text(sources_[last].name, byte, 1 + std::ranges::count(before, '\n'));
  }

  /// Whether the files' own bytes are as they were.
  bool has_sources(const StoredText& known) const {
    try {
      for (std::size_t i = 0; i < known.sources.size(); ++i) store_.source(known, i);
      return true;
    } catch (const Error&) {
      return false;
    }
  }

  bool is_beginning(const StoredText& known) const {
    return known.bytes <= text_.size() && begins_like(known.sources) && text_.hash(known.bytes) == known.hash;
  }

  /// Whether sources begin where those of the store do.
  bool begins_like(const std::vector<StoredSource>& known) const {
    return known.size() <= sources_.size() &&
           std::ranges::equal(known, std::span(text_.begins()).first(known.size()), {},
                              &StoredSource::first_byte);
  }

  void read_more() {
    if (cancel_ != nullptr && cancel_->cancelled()) {
      save_if_decided();
      throw Cancelled();
    }
    note_sources();
    const std::string_view piece = text_.at(now_.bytes).substr(0, kReadAtOnce);
    session_->read(piece);
    now_.bytes += std::ssize(piece);
    if (Clock::now() - saved_at_ >= std::chrono::duration<double>(options_.save_seconds)) save_if_decided();
  }

  /// Sources that begin here.
  void note_sources() {
    while (now_.sources.size() < sources_.size()) {
      const std::size_t next = now_.sources.size();
      const std::int64_t begin = text_.begins()[next];
      if (begin > now_.bytes) return;
      session_->begin_text(sources_[next].name);
      now_.sources.push_back(
          {sources_[next].name, std::ssize(sources_[next].text), begin, session_->tokens()});
    }
  }

  /// While `auto` may still show the model all of the text, nothing was computed yet.
  void save_if_decided() {
    if (!session_->method().empty()) save();
  }

  void save() {
    now_.tokens = session_->tokens();
    now_.hash = text_.hash(now_.bytes);
    std::vector<std::string_view> begun;
    for (std::size_t i = 0; i < now_.sources.size(); ++i) begun.push_back(sources_[i].text);
    now_ = store_.put(std::move(now_), session_->save(), begun);
    saved_at_ = Clock::now();
  }

  Store& store_;
  std::shared_ptr<const Engine> engine_;
  const std::vector<SourceText>& sources_;
  ReadOptions options_;
  Joined text_;
  const CancelToken* cancel_;
  std::optional<Session> session_;
  StoredText now_;  ///< as far as it is read
  Clock::time_point saved_at_ = Clock::now();
};

std::string in_store(const Store& store, std::string_view name) {
  std::string others;
  for (const StoredText& text : store.texts()) others += (others.empty() ? "" : ", ") + text.name;
  return fmt::format("no text \"{}\" in the store {} ({})", name, store.folder().string(),
                     others.empty() ? "it is empty" : "there are: " + others);
}

[[noreturn]] void throw_missing(const Store& store, std::string_view name, std::string_view method) {
  for (const StoredText& text : store.texts()) {
    if (text.name != name) continue;
    throw Error(
        fmt::format("the text {} was read with {}, by the method {}: with this model{}, and this version of "
                    "the program, it has to be read first",
                    name, text.model, text.method,
                    method == "auto" ? "" : fmt::format(" and the method {}", method)),
        "text");
  }
  throw Error(in_store(store, name), "text");
}

}  // namespace

StoredText read_into(Store& store, const std::shared_ptr<const Engine>& engine, const std::string& name,
                     const std::vector<SourceText>& sources, const ReadOptions& options) {
  check_text_name(name);
  return Reading(store, engine, sources, options, name).run();
}

OpenedTexts open_texts(const Store& store, const std::shared_ptr<const Engine>& engine,
                       const std::vector<std::string>& names, const Session::Options& options,
                       std::int64_t answer_tokens) {
  const std::string method = options.context.method, encoder = saved_encoder(*engine);
  std::vector<StoredText> texts;
  for (const std::string& name : names) {
    auto known = store.find(name, encoder, method);
    if (!known) throw_missing(store, name, method);
    if (!known->complete)
      throw Error(fmt::format("the reading of the text {} was interrupted after {} tokens: read it again, it "
                              "goes on from there",
                              name, known->tokens),
                  "text");
    texts.push_back(std::move(*known));
  }
  std::vector<SavedSession> saved;
  for (const StoredText& text : texts) saved.push_back(store.get(text));
  return {std::move(texts), Session::restore(engine, options, saved, answer_tokens)};
}

}  // namespace focusllm
