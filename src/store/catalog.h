#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "focusllm/store.h"
#include "store/database.h"
#include "store/objects.h"

namespace focusllm::store {

/// A text and where its parts are.
struct Entry {
  StoredText text;
  std::vector<Object> pieces;   ///< of the session
  std::vector<Object> sources;  ///< the files' own bytes
};

std::int64_t bytes_of(const Entry& entry);

/// Which texts there are: an SQLite file. Each entry has a hash of its own, so that a damaged one is told
/// from a whole one. Thread-safe; other processes may use the same file.
class Catalog {
 public:
  /// Throws Error for a file that is damaged or of another version.
  explicit Catalog(const std::filesystem::path& file);

  /// By name, then by id. Throws Error where an entry is damaged.
  std::vector<StoredText> texts();
  std::vector<StoredText> named(std::string_view name);
  /// Nothing where it was removed.
  std::optional<Entry> find(std::int64_t id);
  /// In the place of what there is with the same name, encoder and method. Gives the new id.
  std::int64_t insert(const Entry& entry);
  void erase(std::int64_t id);
  /// All under a name, damaged ones too; how many there were.
  int erase_named(std::string_view name);
  /// It was used just now. Does nothing where the file may not be written.
  void touch(std::int64_t id, std::int64_t now);
  /// Of all pieces.
  std::unordered_set<std::string> hashes();
  std::int64_t bytes();  ///< of them, each counted once

 private:
  void prepare();
  Entry entry_of(Statement& row);
  void insert_parts(std::int64_t id, std::int64_t kind, const std::vector<Object>& parts);
  std::vector<StoredText> texts_of(Statement rows);

  std::filesystem::path file_;
  std::mutex mutex_;
  Database database_;
};

}  // namespace focusllm::store
