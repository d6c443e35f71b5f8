#include "store/catalog.h"

#include <span>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/hash.h"

namespace focusllm::store {
namespace {

using Json = nlohmann::json;

constexpr std::int64_t kApplication = 0x464c4c4d;  // "FLLM"
constexpr std::int64_t kVersion = 1;

constexpr const char* kTables = R"(
CREATE TABLE texts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL, encoder TEXT NOT NULL, method TEXT NOT NULL,
  about TEXT NOT NULL,        -- the rest of StoredText, JSON
  seal TEXT NOT NULL,         -- content_hash of all this and the pieces
  used_at INTEGER NOT NULL,
  UNIQUE (name, encoder, method));
CREATE TABLE pieces (
  text INTEGER NOT NULL REFERENCES texts ON DELETE CASCADE,
  kind INTEGER NOT NULL,      -- 0: of the session, 1: a source
  place INTEGER NOT NULL,
  hash TEXT NOT NULL, bytes INTEGER NOT NULL,
  PRIMARY KEY (text, kind, place)) WITHOUT ROWID;
CREATE INDEX pieces_by_hash ON pieces (hash);
PRAGMA application_id = 0x464c4c4d;
PRAGMA user_version = 1;
)";

constexpr const char* kSelect = "SELECT id, name, encoder, method, about, seal, used_at FROM texts ";

std::string about_of(const StoredText& text) {
  Json sources = Json::array();
  for (const StoredSource& source : text.sources)
    sources.push_back({{"name", source.name},
                       {"bytes", source.bytes},
                       {"first_byte", source.first_byte},
                       {"first_token", source.first_token}});
  return Json{{"model", text.model},     {"settings", text.settings}, {"complete", text.complete},
              {"tokens", text.tokens},   {"bytes", text.bytes},       {"hash", text.hash},
              {"read_at", text.read_at}, {"sources", sources}}
      .dump();
}

void read_about(const std::string& about, StoredText& text) {
  const Json json = Json::parse(about);
  text.model = json.at("model");
  text.settings = json.at("settings");
  text.complete = json.at("complete");
  text.tokens = json.at("tokens");
  text.bytes = json.at("bytes");
  text.hash = json.at("hash");
  text.read_at = json.at("read_at");
  for (const Json& source : json.at("sources"))
    text.sources.push_back(
        {source.at("name"), source.at("bytes"), source.at("first_byte"), source.at("first_token")});
}

enum Kind : std::int64_t { kPiece, kSource };

std::string seal_of(const Entry& entry, const std::string& about) {
  const StoredText& text = entry.text;
  std::string all = text.name + '\n' + text.encoder + '\n' + text.method + '\n' + about;
  for (const auto* objects : {&entry.pieces, &entry.sources}) {
    all += '\n';
    for (const Object& object : *objects) all += fmt::format("{} {}\n", object.hash, object.bytes);
  }
  return content_hash(std::as_bytes(std::span(all)));
}

}  // namespace

std::int64_t bytes_of(const Entry& entry) {
  std::int64_t bytes = 0;
  for (const auto* objects : {&entry.pieces, &entry.sources})
    for (const Object& object : *objects) bytes += object.bytes;
  return bytes;
}

Catalog::Catalog(const std::filesystem::path& file) : file_(file), database_(file) {
  prepare();
}

void Catalog::prepare() {
  database_.run("PRAGMA foreign_keys = ON");
  if (database_.number("PRAGMA user_version") == 0 && !database_.read_only()) {
    Transaction making(database_);
    const bool empty = database_.number("SELECT count(*) FROM sqlite_master") == 0;
    if (database_.number("PRAGMA user_version") == 0 && empty) database_.run(kTables);
    making.commit();
  }
  const std::int64_t version = database_.number("PRAGMA user_version");
  if (database_.number("PRAGMA application_id") != kApplication)
    fail("{}: is no index of a store of this program: give another folder", file_.string());
  if (version != kVersion)
    fail(
        "{}: the store is of version {}; this program uses version {}: give another folder, or use the "
        "program "
        "that made it",
        file_.string(), version, kVersion);
  Statement check = database_.prepare("PRAGMA quick_check(1)");
  if (check.step() && check.text(0) != "ok")
    fail("{}: the store's index is damaged ({}): move the store away and read its texts again",
         file_.string(), check.text(0));
}

/// Of a row of kSelect.
Entry Catalog::entry_of(Statement& row) {
  Entry entry;
  StoredText& text = entry.text;
  text.id = row.number(0);
  text.name = row.text(1);
  text.encoder = row.text(2);
  text.method = row.text(3);
  text.used_at = row.number(6);
  Statement parts =
      database_.prepare("SELECT kind, hash, bytes FROM pieces WHERE text = ? ORDER BY kind, place");
  parts.bind(text.id);
  while (parts.step())
    (parts.number(0) == kSource ? entry.sources : entry.pieces).push_back({parts.text(1), parts.number(2)});
  const std::string about = row.text(4);
  if (seal_of(entry, about) != row.text(5))
    fail("{}: the entry of the text {} is damaged: remove it and read the text again", file_.string(),
         text.name);
  read_about(about, text);
  text.stored_bytes = bytes_of(entry);
  return entry;
}

std::vector<StoredText> Catalog::texts_of(Statement rows) {
  std::vector<StoredText> texts;
  while (rows.step()) texts.push_back(entry_of(rows).text);
  return texts;
}

std::vector<StoredText> Catalog::texts() {
  const std::lock_guard lock(mutex_);
  return texts_of(database_.prepare(fmt::format("{} ORDER BY name, id", kSelect).c_str()));
}

std::vector<StoredText> Catalog::named(std::string_view name) {
  const std::lock_guard lock(mutex_);
  Statement rows = database_.prepare(fmt::format("{} WHERE name = ? ORDER BY id", kSelect).c_str());
  rows.bind(name);
  return texts_of(std::move(rows));
}

std::optional<Entry> Catalog::find(std::int64_t id) {
  const std::lock_guard lock(mutex_);
  Statement row = database_.prepare(fmt::format("{} WHERE id = ?", kSelect).c_str());
  row.bind(id);
  if (!row.step()) return std::nullopt;
  return entry_of(row);
}

void Catalog::insert_parts(std::int64_t id, std::int64_t kind, const std::vector<Object>& parts) {
  std::int64_t place = 0;
  for (const Object& part : parts) {
    database_.prepare("INSERT INTO pieces (text, kind, place, hash, bytes) VALUES (?, ?, ?, ?, ?)")
        .bind(id)
        .bind(kind)
        .bind(place++)
        .bind(part.hash)
        .bind(part.bytes)
        .run();
  }
}

std::int64_t Catalog::insert(const Entry& entry) {
  const std::lock_guard lock(mutex_);
  const StoredText& text = entry.text;
  const std::string about = about_of(text);
  Transaction all(database_);
  database_.prepare("DELETE FROM texts WHERE name = ? AND encoder = ? AND method = ?")
      .bind(text.name)
      .bind(text.encoder)
      .bind(text.method)
      .run();
  database_
      .prepare("INSERT INTO texts (name, encoder, method, about, seal, used_at) VALUES (?, ?, ?, ?, ?, ?)")
      .bind(text.name)
      .bind(text.encoder)
      .bind(text.method)
      .bind(about)
      .bind(seal_of(entry, about))
      .bind(text.used_at)
      .run();
  const std::int64_t id = database_.last_row();
  insert_parts(id, kPiece, entry.pieces);
  insert_parts(id, kSource, entry.sources);
  all.commit();
  return id;
}

void Catalog::erase(std::int64_t id) {
  const std::lock_guard lock(mutex_);
  database_.prepare("DELETE FROM texts WHERE id = ?").bind(id).run();
}

int Catalog::erase_named(std::string_view name) {
  const std::lock_guard lock(mutex_);
  Transaction all(database_);
  database_.prepare("DELETE FROM texts WHERE name = ?").bind(name).run();
  const std::int64_t count = database_.number("SELECT changes()");
  all.commit();
  return static_cast<int>(count);
}

void Catalog::touch(std::int64_t id, std::int64_t now) {
  const std::lock_guard lock(mutex_);
  if (database_.read_only()) return;
  database_.prepare("UPDATE texts SET used_at = ? WHERE id = ?").bind(now).bind(id).run();
}

std::unordered_set<std::string> Catalog::hashes() {
  const std::lock_guard lock(mutex_);
  std::unordered_set<std::string> hashes;
  Statement rows = database_.prepare("SELECT DISTINCT hash FROM pieces");
  while (rows.step()) hashes.insert(rows.text(0));
  return hashes;
}

std::int64_t Catalog::bytes() {
  const std::lock_guard lock(mutex_);
  return database_.number("SELECT coalesce(sum(bytes), 0) FROM (SELECT DISTINCT hash, bytes FROM pieces)");
}

}  // namespace focusllm::store
