#include "server/documents.h"

#include <algorithm>
#include <ctime>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "server/api_error.h"

namespace focusllm::server {
const char* status_name(Document::Status status) {
  switch (status) {
    case Document::Status::queued:
      return "queued";
    case Document::Status::reading:
      return "reading";
    case Document::Status::ready:
      return "ready";
    case Document::Status::failed:
      return "failed";
  }
  return "";
}

ApiError no_documents(const std::string& param) {
  return not_supported("the server keeps no documents and files (it has no `store`)", param);
}

Documents::Documents(std::shared_ptr<const Engine> engine, std::shared_ptr<Store> store, Options options)
    : engine_(std::move(engine)),
      store_(std::move(store)),
      options_(std::move(options)),
      encoder_(saved_encoder(*engine_)) {
  go_on();
  thread_ = std::thread([this] { run(); });
}

Documents::~Documents() {
  stop();
  thread_.join();
}

void Documents::stop() {
  const std::lock_guard lock(mutex_);
  stops_ = true;
  if (!queue_.empty()) queue_.front()->cancel.cancel();
  changed_.notify_all();
}

/// Texts that were interrupted: what is known of them is in the store, their bytes as well.
void Documents::go_on() {
  for (const StoredText& text : store_->texts()) {
    if (text.complete || text.encoder != encoder_ || text.sources.size() != 1) continue;
    if (const auto best = stored(text.name); best && best->complete) continue;
    enqueue(text.name, text.sources.front().name, store_->source(text, 0));
  }
}

Document Documents::add(const std::string& name, const std::string& title, std::string text) {
  check_text_name(name);
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() > options_.waiting) throw overloaded("too many documents wait to be read");
    const auto known = by_name_.find(name);
    if (known != by_name_.end() && known->second->document.status != Document::Status::failed)
      throw ApiError(409, "invalid_request_error", fmt::format("the document \"{}\" is being read", name),
                     "name");
  }
  return enqueue(name, title, std::move(text));
}

Document Documents::enqueue(const std::string& name, const std::string& source, std::string text) {
  const auto work = std::make_shared<Work>();
  work->document.name = name;
  work->document.status = Document::Status::queued;
  work->document.bytes = std::ssize(text);
  work->document.created = std::time(nullptr);
  work->source = source;
  work->text = std::move(text);
  const std::lock_guard lock(mutex_);
  queue_.push_back(work);
  by_name_[name] = work;
  changed_.notify_all();
  return work->document;
}

void Documents::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return stops_ || !queue_.empty(); });
    if (stops_) return;
    const std::shared_ptr<Work> work = queue_.front();
    work->document.status = Document::Status::reading;
    const bool wanted = !work->removed;
    changed_.notify_all();
    lock.unlock();
    std::string failure;
    try {
      if (wanted) read(*work);
    } catch (const std::exception& error) {
      failure = error.what();
    }
    lock.lock();
    queue_.pop_front();
    if (failure.empty() || work->removed) {
      const auto known = by_name_.find(work->document.name);
      if (known != by_name_.end() && known->second == work) by_name_.erase(known);
    } else {
      work->document.status = Document::Status::failed;
      work->document.error = failure;
    }
    work->text.clear();
    if (work->removed) store_->remove(work->document.name);
    changed_.notify_all();
  }
}

void Documents::read(Work& work) {
  ReadOptions options;
  options.session = options_.session;
  options.session.cancel = &work.cancel;
  options.expected_tokens = std::ssize(engine_->tokenizer().encode(work.text));
  const auto note = [&](std::int64_t done) {
    const std::lock_guard lock(mutex_);
    work.document.tokens = std::max(options.expected_tokens, done);
    work.document.tokens_read = done;
    changed_.notify_all();
  };
  note(0);
  options.on_known = [&](const StoredText& known) { note(known.tokens); };
  options.session.on_progress = [&](const Progress& progress) { note(progress.done); };
  read_into(*store_, engine_, work.document.name, {{work.source, work.text}}, options);
}

std::shared_ptr<Documents::Work> Documents::working(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto known = by_name_.find(name);
  return known == by_name_.end() ? nullptr : known->second;
}

std::optional<StoredText> Documents::stored(const std::string& name) const {
  return store_->find(name, encoder_, options_.session.context.method);
}

Document Documents::document_of(const StoredText& text) {
  std::int64_t bytes = 0;  // of the files: between two of them a line end may have been read
  for (const StoredSource& source : text.sources) bytes += source.bytes;
  return {.name = text.name,
          .status = text.complete ? Document::Status::ready : Document::Status::failed,
          .bytes = bytes,
          .tokens = text.tokens,
          .tokens_read = text.tokens,
          .created = text.read_at,
          .method = text.method,
          .error = text.complete ? "" : "its reading was interrupted: send it again, it goes on from there",
          .sources = text.sources};
}

std::optional<Document> Documents::find(const std::string& name) const {
  if (const auto work = working(name)) {
    const std::lock_guard lock(mutex_);
    return work->document;
  }
  const auto text = stored(name);
  if (!text) return std::nullopt;
  return document_of(*text);
}

std::vector<Document> Documents::all(const std::string& prefix) const {
  std::map<std::string, Document> found;
  for (const StoredText& text : store_->texts()) {
    if (text.encoder == encoder_ && text.name.starts_with(prefix)) {
      if (const auto one = find(text.name)) found.insert_or_assign(text.name, *one);
    }
  }
  const std::lock_guard lock(mutex_);
  for (const auto& [name, work] : by_name_)
    if (name.starts_with(prefix)) found.insert_or_assign(name, work->document);
  std::vector<Document> documents;
  for (auto& [name, document] : found) documents.push_back(std::move(document));
  return documents;
}

bool Documents::remove(const std::string& name) {
  {
    const std::lock_guard lock(mutex_);
    last_mapped_ = nullptr;
    const auto known = by_name_.find(name);
    if (known != by_name_.end()) {
      const std::shared_ptr<Work> work = known->second;
      const bool waits = work->document.status != Document::Status::failed;
      by_name_.erase(known);
      work->removed = true;
      work->cancel.cancel();
      // What is in the queue removes itself, behind its reading.
      if (waits) return true;
    }
  }
  return store_->remove(name) > 0;
}

void Documents::wait(const std::string& name, std::chrono::milliseconds patience) const {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, patience, [&] {
    const auto known = by_name_.find(name);
    return stops_ || known == by_name_.end() || known->second->document.status == Document::Status::failed;
  });
}

StoredText Documents::ready(const std::string& name, const std::string& shown) const {
  const auto document = find(name);
  if (!document) throw not_found("document", shown, "documents");
  if (document->status == Document::Status::failed)
    throw ApiError(409, "invalid_request_error",
                   fmt::format("the document \"{}\" could not be read: {}", shown, document->error),
                   "documents");
  if (document->status != Document::Status::ready)
    throw ApiError(409, "invalid_request_error",
                   fmt::format("the document \"{}\" is not read yet: {} of {} tokens are", shown,
                               document->tokens_read, document->tokens),
                   "documents");
  const auto text = stored(name);
  if (!text) throw not_found("document", shown, "documents");
  return *text;
}

DocumentUse Documents::use(const std::string& name, const std::string& shown) const {
  const StoredText text = ready(name, shown);
  return {name, shown, text.id, text.tokens};
}

/// Who shows a text asks for one part of it after the other: the last one stays open.
std::shared_ptr<const MappedDocument> Documents::mapped(const std::string& name,
                                                        const std::string& shown) const {
  const StoredText stored = ready(name, shown);
  {
    const std::lock_guard lock(mutex_);
    if (last_mapped_ && last_mapped_->id() == stored.id) return last_mapped_;
  }
  auto mapped = std::make_shared<const MappedDocument>(*store_, stored);
  const std::lock_guard lock(mutex_);
  last_mapped_ = mapped;
  return mapped;
}

std::vector<DocumentText> Documents::content(const std::string& name, const std::string& shown) const {
  const StoredText text = ready(name, shown);
  std::vector<DocumentText> files;
  for (std::size_t i = 0; i < text.sources.size(); ++i)
    files.push_back({text.sources[i].name, store_->source(text, i)});
  return files;
}

OpenedTexts Documents::open(const std::vector<DocumentUse>& documents, std::int64_t answer_tokens) const {
  std::vector<std::string> names;
  for (const DocumentUse& document : documents) names.push_back(ready(document.name, document.shown).name);
  return open_texts(*store_, engine_, names, options_.session, answer_tokens);
}

}  // namespace focusllm::server
