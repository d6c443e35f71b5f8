#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "focusllm/store.h"
#include "server/api_error.h"
#include "server/conversation.h"
#include "server/mapped_document.h"

namespace focusllm::server {

/// A text that is kept, or on its way there.
struct Document {
  enum class Status { queued, reading, ready, failed };
  std::string name;
  Status status = Status::ready;
  std::int64_t bytes = 0;
  std::int64_t tokens = 0;                 ///< of all of it; 0: not known yet
  std::int64_t tokens_read = 0;            ///< so far
  std::int64_t created = 0;                ///< seconds since 1970
  std::string method;                      ///< by which it is read; empty: not decided yet
  std::string error;                       ///< why it failed
  std::vector<StoredSource> sources = {};  ///< the files that it was read from, of one in the store
};

/// A file of a document.
struct DocumentText {
  std::string name;
  std::string text;
};

/// Texts that requests name: those in the store, and those that are being read into it, one after the other
/// in a thread of its own. Names are the store's; who may see which is decided before. Thread-safe.
class Documents {
 public:
  /// How texts are read, and how many may wait for it.
  struct Options {
    Session::Options session;
    std::size_t waiting = 64;
  };
  /// Readings that were interrupted before go on.
  Documents(std::shared_ptr<const Engine> engine, std::shared_ptr<Store> store, Options options);
  Documents(const Documents&) = delete;
  Documents& operator=(const Documents&) = delete;
  ~Documents();

  /// Reads a text (valid UTF-8, not empty), in the place of one that has the name; `title` is what answers
  /// call it by. Throws ApiError where too many wait.
  Document add(const std::string& name, const std::string& title, std::string text);
  /// Those whose names begin with `prefix`, by name.
  std::vector<Document> all(const std::string& prefix) const;
  std::optional<Document> find(const std::string& name) const;
  /// Stops its reading, and removes it from the store. False where there is none.
  bool remove(const std::string& name);
  /// Until it is read or failed, or `patience` has passed.
  void wait(const std::string& name, std::chrono::milliseconds patience) const;
  /// No further text is read; what was read of the one at hand is kept.
  void stop();

  /// A text that can be opened; `shown`: its name for its owner. Throws ApiError (404, 409) where it is not
  /// there, or not read yet.
  DocumentUse use(const std::string& name, const std::string& shown) const;
  /// The document's own files, in their order. Throws likewise.
  std::vector<DocumentText> content(const std::string& name, const std::string& shown) const;
  /// The text itself. Throws likewise.
  std::shared_ptr<const MappedDocument> mapped(const std::string& name, const std::string& shown) const;
  /// A session behind texts. Throws likewise.
  OpenedTexts open(const std::vector<DocumentUse>& documents, std::int64_t answer_tokens) const;

 private:
  struct Work {
    Document document;
    std::string source;  ///< its file's name
    std::string text;
    CancelToken cancel;
    bool removed = false;
  };
  Document enqueue(const std::string& name, const std::string& source, std::string text);
  void go_on();
  void run();
  void read(Work& work);
  StoredText ready(const std::string& name, const std::string& shown) const;
  std::optional<StoredText> stored(const std::string& name) const;
  static Document document_of(const StoredText& text);
  std::shared_ptr<Work> working(const std::string& name) const;
  void drop_failed(const std::string& name);

  std::shared_ptr<const Engine> engine_;
  std::shared_ptr<Store> store_;
  const Options options_;
  const std::string encoder_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::deque<std::shared_ptr<Work>> queue_;                    ///< the first one is being read
  std::map<std::string, std::shared_ptr<Work>> by_name_;       ///< of the queue, and those that failed
  mutable std::shared_ptr<const MappedDocument> last_mapped_;  ///< that was asked for
  bool stops_ = false;
  std::thread thread_;
};

const char* status_name(Document::Status status);
/// 400: the server has no store. param: the field that names what would be in it.
ApiError no_documents(const std::string& param);

}  // namespace focusllm::server
