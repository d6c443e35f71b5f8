#include "store/database.h"

#include <sqlite3.h>

#include "base/error.h"

namespace focusllm::store {
namespace {

constexpr int kPatience = 30'000;  // milliseconds that another process may write

}  // namespace

void Database::Close::operator()(sqlite3* database) const {
  sqlite3_close_v2(database);
}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

Database::Database(const std::filesystem::path& path) : path_(path) {
  sqlite3* database = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  database_.reset(database);
  if (code != SQLITE_OK) reject(code);
  sqlite3_busy_timeout(database, kPatience);
}

void Database::reject(int code) const {
  const std::string what = database_ ? sqlite3_errmsg(database_.get()) : sqlite3_errstr(code);
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      fail("{}: the store's index is damaged ({}): move the store away and read its texts again",
           path_.string(), what);
    case SQLITE_BUSY:
      fail("{}: another process has been writing to the store for {} s: try again when it is done",
           path_.string(), kPatience / 1000);
    case SQLITE_FULL:
      fail("{}: cannot write: the disk is full", path_.string());
    case SQLITE_READONLY:
    case SQLITE_PERM:
      fail("{}: the store may not be written", path_.string());
    default:
      fail("{}: {}", path_.string(), what);
  }
}

void Database::run(const char* sql) {
  const int code = sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) reject(code);
}

Statement Database::prepare(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v2(database_.get(), sql, -1, &statement, nullptr);
  if (code != SQLITE_OK) reject(code);
  return {*this, statement};
}

std::int64_t Database::number(const char* sql) {
  Statement statement = prepare(sql);
  return statement.step() ? statement.number(0) : 0;
}

bool Database::read_only() const {
  return sqlite3_db_readonly(database_.get(), "main") == 1;
}

std::int64_t Database::last_row() const {
  return sqlite3_last_insert_rowid(database_.get());
}

Statement& Statement::bind(std::int64_t value) {
  const int code = sqlite3_bind_int64(statement_.get(), ++bound_, value);
  if (code != SQLITE_OK) database_.reject(code);
  return *this;
}

Statement& Statement::bind(std::string_view value) {
  const int code = sqlite3_bind_text64(statement_.get(), ++bound_, value.data(), value.size(),
                                       SQLITE_TRANSIENT, SQLITE_UTF8);
  if (code != SQLITE_OK) database_.reject(code);
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code != SQLITE_ROW && code != SQLITE_DONE) database_.reject(code);
  return code == SQLITE_ROW;
}

std::int64_t Statement::number(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string Statement::text(int column) const {
  const auto* letters = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  return letters == nullptr
             ? std::string()
             : std::string(letters, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column)));
}

Transaction::~Transaction() {
  if (!open_) return;
  try {
    database_.run("ROLLBACK");
  } catch (const Error&) {
    // What is not committed is gone when the file is opened next, whether or not this can be said now.
    open_ = false;
  }
}

void Transaction::commit() {
  database_.run("COMMIT");
  open_ = false;
}

}  // namespace focusllm::store
