#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace focusllm::store {

class Statement;

/// An SQLite database in a file. What SQLite reports is an Error that names the file and what to do. For one
/// thread at a time.
class Database {
 public:
  /// Makes the file if there is none; one that may not be written is opened for reading.
  explicit Database(const std::filesystem::path& path);

  /// One or several statements without results.
  void run(const char* sql);
  Statement prepare(const char* sql);
  /// A statement that gives one number, as most PRAGMAs do.
  std::int64_t number(const char* sql);
  bool read_only() const;
  /// The row that was inserted last.
  std::int64_t last_row() const;
  [[noreturn]] void reject(int code) const;

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  std::filesystem::path path_;
  std::unique_ptr<sqlite3, Close> database_;
};

/// A statement with values in the place of its `?`s, bound in their order, and its rows.
class Statement {
 public:
  Statement(Database& database, sqlite3_stmt* statement) : database_(database), statement_(statement) {}

  Statement& bind(std::int64_t value);
  Statement& bind(std::string_view value);
  /// The next row; false behind the last one.
  bool step();
  void run() { step(); }
  std::int64_t number(int column) const;
  std::string text(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  Database& database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int bound_ = 0;
};

/// All that is done until commit(), or nothing. Waits for other writers from its beginning on.
class Transaction {
 public:
  explicit Transaction(Database& database) : database_(database) { database_.run("BEGIN IMMEDIATE"); }
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

}  // namespace focusllm::store
