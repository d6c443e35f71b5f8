#include "store/objects.h"

#include <system_error>

#include "base/error.h"
#include "base/hash.h"
#include "base/mapped_file.h"
#include "base/output_file.h"

namespace focusllm::store {

std::filesystem::path Objects::path_of(const std::string& hash) const {
  return folder_ / hash.substr(0, 2) / hash;
}

bool Objects::known(const std::string& hash) const {
  const std::lock_guard lock(mutex_);
  return known_.contains(hash);
}

void Objects::remember(const std::string& hash) {
  const std::lock_guard lock(mutex_);
  known_.insert(hash);
}

Object Objects::put(const SavedPiece& piece) {
  Object object{content_hash(piece.parts), static_cast<std::int64_t>(piece.size())};
  const std::filesystem::path path = path_of(object.hash);
  if (std::filesystem::exists(path) && (known(object.hash) || sound(object))) {
    remember(object.hash);
    return object;
  }
  std::filesystem::create_directories(path.parent_path());
  OutputFile file(path);
  for (const auto& part : piece.parts) file.write(part);
  file.commit();
  remember(object.hash);
  return object;
}

SavedPiece Objects::get(const Object& object) const {
  const std::filesystem::path path = path_of(object.hash);
  const auto file = std::make_shared<const MappedFile>(path);
  if (std::ssize(file->bytes()) != object.bytes || content_hash(file->bytes()) != object.hash) {
    const std::lock_guard lock(mutex_);
    known_.erase(object.hash);
    fail("{}: is damaged: what it holds does not have the hash that it is named by", path.string());
  }
  file->release(file->bytes());  // not all of it is used by everybody
  return {.parts = {file->bytes()}, .keepers = {file}};
}

bool Objects::sound(const Object& object) const {
  try {
    get(object);
    return true;
  } catch (const Error&) {
    return false;
  }
}

Objects::Removed Objects::remove_others(const std::function<bool(const std::string& hash)>& wanted) {
  Removed removed;
  std::error_code failed;
  std::vector<std::filesystem::path> others;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_, failed)) {
    if (entry.is_regular_file(failed) && !wanted(entry.path().filename().string()))
      others.push_back(entry.path());
  }
  for (const auto& path : others) {
    const std::uintmax_t bytes = std::filesystem::file_size(path, failed);
    const std::int64_t size = failed ? 0 : static_cast<std::int64_t>(bytes);
    if (!std::filesystem::remove(path, failed)) continue;
    ++removed.files;
    removed.bytes += size;
  }
  const std::lock_guard lock(mutex_);
  known_.clear();
  return removed;
}

}  // namespace focusllm::store
