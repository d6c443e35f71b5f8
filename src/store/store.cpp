#include "focusllm/store.h"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <system_error>

#include "base/error.h"
#include "base/memory.h"
#include "store/catalog.h"
#include "store/file_lock.h"
#include "store/objects.h"

namespace focusllm {
namespace {

namespace fs = std::filesystem;
using store::Entry;
using store::FileLock;

constexpr std::size_t kLongestName = 128;

/// Of the environment; nothing where it is not set or empty.
std::optional<fs::path> folder_in(const char* variable) {
  const char* value = std::getenv(variable);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return fs::path(value);
}

bool may_be_in_name(char letter) {
  const bool alphanumeric = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                            (letter >= '0' && letter <= '9');
  return alphanumeric || letter == '.' || letter == '_' || letter == '-';
}

std::int64_t now() {
  return std::time(nullptr);
}

/// The folder, for its owner alone if it is new.
fs::path made(const fs::path& folder) {
  std::error_code failed;
  if (fs::create_directories(folder, failed)) fs::permissions(folder, fs::perms::owner_all, failed);
  for (const char* part : {"pieces", "in-use"})
    if (!failed && !fs::is_directory(folder / part)) fs::create_directory(folder / part, failed);
  if (failed) fail("{}: cannot be made or used as a store: {}", folder.string(), failed.message());
  return folder;
}

/// A mapped piece, and that its text is in use.
struct Held {
  std::shared_ptr<const void> bytes;
  std::shared_ptr<const std::optional<FileLock>> in_use;  ///< nothing where the store may not be written
};

}  // namespace

fs::path default_store() {
  if (const auto own = folder_in("FOCUSLLM_STORE")) return *own;
  if (const auto data = folder_in("XDG_DATA_HOME")) return *data / "focusllm";
  if (const auto home = folder_in("HOME")) return *home / ".local/share/focusllm";
  throw UsageError("no folder to keep texts in: set FOCUSLLM_STORE or HOME, or name one", "store");
}

void check_text_name(std::string_view name) {
  const bool fits = !name.empty() && name.size() <= kLongestName &&
                    std::ranges::all_of(name, may_be_in_name) &&
                    name.find_first_not_of('.') != std::string_view::npos;
  if (fits) return;
  throw UsageError(fmt::format("\"{}\" cannot be a text's name: 1 to {} letters, digits, '.', '_' and '-'",
                               name, kLongestName),
                   "name");
}

std::string text_name_of(const fs::path& file) {
  std::string name = file.filename().string().substr(0, kLongestName);
  std::ranges::replace_if(
      name, [](char letter) { return !may_be_in_name(letter); }, '-');
  return name.find_first_not_of('.') == std::string::npos ? "text" : name;
}

struct Store::Impl {
  Impl(const fs::path& the_folder, const Options& the_options)
      : folder(made(the_folder)),
        options(the_options),
        catalog(folder / "index.sqlite"),
        pieces(folder / "pieces") {}

  fs::path lock() const { return folder / "lock"; }
  fs::path in_use(std::int64_t id) const { return folder / "in-use" / std::to_string(id); }
  Entry entry(const StoredText& text);
  void write(Entry& entry, const SavedSession& saved, std::span<const std::string_view> sources);
  void try_collect();
  void make_room(std::int64_t kept_id);
  Freed collect_alone();
  void remove_idle_locks();

  fs::path folder;
  Options options;
  store::Catalog catalog;
  store::Objects pieces;
};

Entry Store::Impl::entry(const StoredText& text) {
  auto found = catalog.find(text.id);
  if (!found) fail("the text {} was removed from the store, or read again: try once more", text.name);
  return std::move(*found);
}

void Store::Impl::remove_idle_locks() {
  std::error_code failed;
  for (const auto& file : fs::directory_iterator(folder / "in-use", failed))
    if (FileLock::try_alone(file.path())) fs::remove(file.path(), failed);
}

/// Removes files that belong to nothing. For who holds the lock alone.
Store::Freed Store::Impl::collect_alone() {
  const auto wanted = catalog.hashes();
  const auto removed = pieces.remove_others([&](const std::string& hash) { return wanted.contains(hash); });
  remove_idle_locks();
  return {removed.files, removed.bytes};
}

/// The same, unless somebody writes.
void Store::Impl::try_collect() {
  if (const auto alone = FileLock::try_alone(lock())) collect_alone();
}

void Store::Impl::write(Entry& entry, const SavedSession& saved, std::span<const std::string_view> sources) {
  const FileLock writing(lock(), FileLock::Kind::shared);
  for (const SavedPiece& piece : saved.pieces) entry.pieces.push_back(pieces.put(piece));
  for (const std::string_view source : sources)
    entry.sources.push_back(pieces.put({.parts = {std::as_bytes(std::span(source))}, .keepers = {}}));
  entry.text.stored_bytes = store::bytes_of(entry);
  entry.text.id = catalog.insert(entry);
}

/// Lets texts go that were not used for longest, but for the one that was just kept, and those in use.
void Store::Impl::make_room(std::int64_t kept_id) {
  if (options.most_bytes == 0 || catalog.bytes() <= options.most_bytes) return;
  const FileLock alone(lock(), FileLock::Kind::alone);
  std::vector<StoredText> texts = catalog.texts();
  std::ranges::sort(texts, {}, &StoredText::used_at);
  for (const StoredText& text : texts) {
    if (catalog.bytes() <= options.most_bytes) break;
    if (text.id == kept_id || !FileLock::try_alone(in_use(text.id))) continue;
    catalog.erase(text.id);
  }
  const std::int64_t bytes = catalog.bytes();
  if (bytes > options.most_bytes) catalog.erase(kept_id);
  collect_alone();
  if (bytes > options.most_bytes)
    throw Error(
        fmt::format("the text was not kept: with it and what is in use the store would take {}; {} are "
                    "allowed",
                    format_bytes(bytes), format_bytes(options.most_bytes)),
        "store_max");
}

Store::Store() = default;
Store::~Store() = default;

std::shared_ptr<Store> Store::open(const fs::path& folder, const Options& options) {
  std::shared_ptr<Store> store(new Store);
  store->impl_ = std::make_unique<Impl>(folder, options);
  return store;
}

const fs::path& Store::folder() const {
  return impl_->folder;
}

std::vector<StoredText> Store::texts() const {
  return impl_->catalog.texts();
}

StoredText Store::put(StoredText text, const SavedSession& saved, std::span<const std::string_view> sources) {
  check_text_name(text.name);
  text.encoder = saved.encoder;
  text.method = saved.method;
  text.settings = saved.settings;
  text.read_at = text.used_at = now();
  Entry entry{std::move(text), {}, {}};
  try {
    impl_->write(entry, saved, sources);
  } catch (const Error&) {
    impl_->try_collect();  // a disk that is full of half a text is of no use
    throw;
  }
  if (entry.text.complete) impl_->try_collect();
  impl_->make_room(entry.text.id);
  return std::move(entry.text);
}

std::optional<StoredText> Store::find(std::string_view name, std::string_view encoder,
                                      std::string_view method) const {
  std::optional<StoredText> newest;
  for (StoredText& text : impl_->catalog.named(name)) {
    if (text.encoder != encoder || (method != "auto" && text.method != method)) continue;
    if (!newest || text.complete || !newest->complete) newest = std::move(text);
  }
  return newest;
}

SavedSession Store::get(const StoredText& text) const {
  const auto in_use =
      std::make_shared<const std::optional<FileLock>>(FileLock::try_shared(impl_->in_use(text.id)));
  const Entry entry = impl_->entry(text);
  SavedSession saved{entry.text.encoder, entry.text.method, entry.text.settings, {}};
  for (const store::Object& object : entry.pieces) {
    SavedPiece piece = impl_->pieces.get(object);
    piece.keepers = {std::make_shared<const Held>(Held{std::move(piece.keepers.front()), in_use})};
    saved.pieces.push_back(std::move(piece));
  }
  impl_->catalog.touch(text.id, now());
  return saved;
}

std::string Store::source(const StoredText& text, std::size_t source) const {
  const SavedPiece piece = mapped_source(text, source);
  const std::span<const std::byte> bytes = piece.parts.front();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

SavedPiece Store::mapped_source(const StoredText& text, std::size_t source) const {
  return impl_->pieces.get(impl_->entry(text).sources.at(source));
}

int Store::remove(std::string_view name) {
  const int removed = impl_->catalog.erase_named(name);
  if (removed > 0) collect();
  return removed;
}

void Store::remove(const StoredText& text) {
  impl_->catalog.erase(text.id);
  collect();
}

Store::Freed Store::collect() {
  const FileLock alone(impl_->lock(), FileLock::Kind::alone);
  return impl_->collect_alone();
}

std::optional<std::string> Store::damage(const StoredText& text) const {
  const Entry entry = impl_->entry(text);
  for (const auto* objects : {&entry.pieces, &entry.sources}) {
    for (const store::Object& object : *objects) {
      try {
        impl_->pieces.get(object);
      } catch (const Error& error) {
        return error.what();
      }
    }
  }
  return std::nullopt;
}

std::int64_t Store::bytes() const {
  return impl_->catalog.bytes();
}

}  // namespace focusllm
