#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "focusllm/session.h"
#include "focusllm/source_text.h"

namespace focusllm {

/// Where texts are kept where nothing else is said: FOCUSLLM_STORE, else the folder focusllm in
/// XDG_DATA_HOME, else in .local/share of HOME. Throws Error where none of them is set.
std::filesystem::path default_store();

/// Throws UsageError unless it is 1 to 128 letters, digits, ".", "_" or "-" of ASCII, not all dots.
void check_text_name(std::string_view name);
/// The name that a text has where none was given: that of its (first) file, with "-" in the place of what a
/// name may not have.
std::string text_name_of(const std::filesystem::path& file);

/// A file of a text, as it was when it was read.
struct StoredSource {
  std::string name;
  std::int64_t bytes = 0;
  std::int64_t first_byte = 0;   ///< of the text
  std::int64_t first_token = 0;  ///< of the session, as Citation counts
};

/// What is known of a text that is kept.
struct StoredText {
  std::int64_t id = 0;  ///< in the store; what is put again gets another one
  std::string name;
  std::string model;    ///< general.name, or the file's name
  std::string encoder;  ///< SavedSession::encoder
  std::string method;
  std::string settings;
  bool complete = false;          ///< else its reading was interrupted
  std::int64_t tokens = 0;        ///< of the session, the template's included
  std::int64_t bytes = 0;         ///< of the text that was read
  std::string hash;               ///< of these
  std::int64_t stored_bytes = 0;  ///< in the store; pieces that other texts have too are counted here as well
  std::int64_t read_at = 0;       ///< seconds since 1970
  std::int64_t used_at = 0;
  std::vector<StoredSource> sources;
};

/// Texts that were read, in a folder: an index (SQLite), and what sessions saved in files that are named by
/// their content. Any number of processes and threads may use it at the same time. What was put appears
/// whole or not at all, whenever a process ends or a disk fills; what is given out was compared with its
/// hash. A text that is removed while somebody answers from it stays with them until they are done.
class Store {
 public:
  struct Options {
    std::int64_t most_bytes = 0;  ///< texts that were not used for longest make room for new ones; 0: never
  };
  /// Makes the folder if there is none (for its owner alone). Throws Error where it cannot be used, or was
  /// made by another version of this program.
  static std::shared_ptr<Store> open(const std::filesystem::path& folder, const Options& options);
  static std::shared_ptr<Store> open(const std::filesystem::path& folder) { return open(folder, Options()); }
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  const std::filesystem::path& folder() const;
  /// By name.
  std::vector<StoredText> texts() const;
  /// Keeps what a session saved; one of the same name, encoder and method is replaced. Gives it back with
  /// id, times and stored_bytes. Throws Error where it does not fit the disk or `most_bytes`.
  /// `sources`: the bytes of `text.sources`.
  StoredText put(StoredText text, const SavedSession& saved, std::span<const std::string_view> sources);
  /// What was read last under a name with an encoder, by a method or by any ("auto"): completely, if there is
  /// such a one.
  std::optional<StoredText> find(std::string_view name, std::string_view encoder,
                                 std::string_view method) const;
  /// What was put for it. Throws Error where it is damaged or was removed.
  SavedSession get(const StoredText& text) const;
  /// The bytes of text.sources[source]. Throws Error likewise.
  std::string source(const StoredText& text, std::size_t source) const;
  /// The same bytes where they are mapped, in one part. A text that is removed keeps its place on the disk as
  /// long as they are held.
  SavedPiece mapped_source(const StoredText& text, std::size_t source) const;
  /// Removes a text for all models and methods; how many there were.
  int remove(std::string_view name);
  /// Removes this one, if it is still there.
  void remove(const StoredText& text);

  struct Freed {
    std::int64_t files = 0, bytes = 0;
  };
  /// Removes what belongs to no text: what an interrupted process left. Waits until nobody writes.
  Freed collect();
  /// Compares all of a text's pieces with their hashes; what is wrong, or nothing.
  std::optional<std::string> damage(const StoredText& text) const;
  /// Bytes of all files.
  std::int64_t bytes() const;

 private:
  Store();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

struct ReadOptions {
  Session::Options session;          ///< `cancel` takes effect where what was read until then can be kept
  std::int64_t expected_tokens = 0;  ///< Session::expect, where it is known
  double save_seconds = 60;          ///< between two savings of what was read so far
  /// What is taken from the store instead of being read, once it is known; else there is none.
  std::function<void(const StoredText&)> on_known;
  /// At the end: how many of the tokens that were read then stood in chunks that had been encoded, for the
  /// earlier version of a text that changed, or further ahead in the text; not called where none did.
  std::function<void(std::int64_t tokens)> on_found;
};

/// Reads texts, one after the other as one, and keeps them under a name. What the store has of its beginning
/// is not read again: the whole text, one that more was appended to, or a reading that was interrupted. A
/// text that changed otherwise is read again only where it did, by a method that can (Session::revise), else
/// anew. Throws Cancelled when what was read until then is kept.
StoredText read_into(Store& store, const std::shared_ptr<const Engine>& engine, const std::string& name,
                     const std::vector<SourceText>& sources, const ReadOptions& options);

/// A session behind texts that were read, in this order (Session::restore). Throws Error where there is none
/// of a name for this model and method, or its reading was interrupted.
struct OpenedTexts {
  std::vector<StoredText> texts;
  Session session;
};
OpenedTexts open_texts(const Store& store, const std::shared_ptr<const Engine>& engine,
                       const std::vector<std::string>& names, const Session::Options& options,
                       std::int64_t answer_tokens = 0);

}  // namespace focusllm
