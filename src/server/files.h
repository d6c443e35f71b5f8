#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "focusllm/store.h"

namespace focusllm::server {

/// A file as it was sent.
struct File {
  std::string id;  ///< as the store names it: with what its owner's names begin with
  std::string filename;
  std::string purpose;
  std::int64_t bytes = 0;
  std::int64_t created = 0;  ///< seconds since 1970
};

/// Files that were sent, until documents are made of them: texts of the store that nobody has read. A
/// document that was made of one shares its bytes. Thread-safe.
class Files {
 public:
  explicit Files(std::shared_ptr<Store> store) : store_(std::move(store)) {}

  /// Keeps it under an id of its own that begins with `prefix`.
  File add(const std::string& prefix, const std::string& filename, const std::string& purpose,
           std::string_view bytes);
  /// Those whose ids begin with `prefix`, the newest first.
  std::vector<File> all(std::string_view prefix) const;
  std::optional<File> find(std::string_view id) const;
  /// Its bytes. Throws ApiError (404) where there is none.
  std::string content(std::string_view id) const;
  /// False where there is none.
  bool remove(std::string_view id);

 private:
  std::optional<StoredText> stored(std::string_view id) const;

  std::shared_ptr<Store> store_;
};

}  // namespace focusllm::server
