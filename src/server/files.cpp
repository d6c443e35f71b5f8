#include "server/files.h"

#include <algorithm>
#include <array>

#include "server/api_error.h"
#include "server/reply.h"

namespace focusllm::server {
namespace {

/// In the place of a model's encoder and a method: no session reads such a text.
constexpr const char* kFile = "file";

File file_of(const StoredText& text) {
  return {text.name, text.sources.front().name, text.settings, text.bytes, text.read_at};
}

}  // namespace

File Files::add(const std::string& prefix, const std::string& filename, const std::string& purpose,
                std::string_view bytes) {
  StoredText text;
  text.name = prefix + random_id("file-");
  text.complete = true;
  text.bytes = std::ssize(bytes);
  text.sources = {{.name = filename, .bytes = std::ssize(bytes)}};
  const SavedSession nothing{.encoder = kFile, .method = kFile, .settings = purpose, .pieces = {}};
  return file_of(store_->put(std::move(text), nothing, std::array{bytes}));
}

std::vector<File> Files::all(std::string_view prefix) const {
  std::vector<StoredText> texts = store_->texts();
  std::erase_if(
      texts, [&](const StoredText& text) { return text.encoder != kFile || !text.name.starts_with(prefix); });
  std::ranges::sort(texts, std::ranges::greater(), &StoredText::id);
  std::vector<File> files;
  for (const StoredText& text : texts) files.push_back(file_of(text));
  return files;
}

std::optional<StoredText> Files::stored(std::string_view id) const {
  return store_->find(id, kFile, kFile);
}

std::optional<File> Files::find(std::string_view id) const {
  const auto text = stored(id);
  if (!text) return std::nullopt;
  return file_of(*text);
}

std::string Files::content(std::string_view id) const {
  const auto text = stored(id);
  if (!text) throw not_found("file", std::string(id));
  return store_->source(*text, 0);
}

bool Files::remove(std::string_view id) {
  const auto text = stored(id);
  if (text) store_->remove(*text);
  return text.has_value();
}

}  // namespace focusllm::server
