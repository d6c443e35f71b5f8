#include "server/mapped_document.h"

namespace focusllm::server {

/// Where a file does not end with its line, the text that was read has a line end between it and the next.
MappedDocument::MappedDocument(const Store& store, const StoredText& text) : id_(text.id), hash_(text.hash) {
  for (std::size_t i = 0; i < text.sources.size(); ++i) {
    if (static_cast<std::int64_t>(size_) < text.sources[i].first_byte) add("\n");
    pieces_.push_back(store.mapped_source(text, i));
    const auto bytes = pieces_.back().parts.front();
    add({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
}

void MappedDocument::add(std::string_view part) {
  parts_.push_back(part);
  size_ += part.size();
}

std::string_view MappedDocument::at(std::size_t place) const {
  for (const std::string_view part : parts_) {
    if (place < part.size()) return part.substr(place);
    place -= part.size();
  }
  return {};
}

}  // namespace focusllm::server
