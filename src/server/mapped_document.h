#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "focusllm/store.h"

namespace focusllm::server {

/// The bytes of a document that is kept: those of its files, one behind the other, mapped where the store has
/// them. Const.
class MappedDocument {
 public:
  /// Throws Error where a file is damaged or was removed.
  MappedDocument(const Store& store, const StoredText& text);

  std::int64_t id() const { return id_; }  ///< StoredText::id
  const std::string& hash() const { return hash_; }
  std::size_t size() const { return size_; }
  /// Bytes from `place` on that are in one piece of memory; none at the end.
  std::string_view at(std::size_t place) const;

 private:
  void add(std::string_view part);

  std::int64_t id_;
  std::string hash_;
  std::vector<SavedPiece> pieces_;  ///< keep the parts
  std::vector<std::string_view> parts_;
  std::size_t size_ = 0;
};

}  // namespace focusllm::server
