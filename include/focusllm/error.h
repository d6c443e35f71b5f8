#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace focusllm {

/// What went wrong, where, and what to do about it, in one line for the user. The program exits with 1.
/// Options that it speaks of are written as `field`, by their names in this library: who offers them under
/// other names replaces these (the program: by its flags).
class Error : public std::runtime_error {
 public:
  /// field: the option that is wrong, if it is one's fault.
  explicit Error(const std::string& message, std::string field = {})
      : std::runtime_error(message), field_(std::move(field)) {}
  const std::string& field() const { return field_; }

 private:
  std::string field_;
};

/// The caller asked for something that makes no sense (wrong flag, contradictory options). The program exits
/// with 2.
class UsageError : public Error {
 public:
  using Error::Error;
};

/// What was asked for does not fit the memory that is free now: it may when other sessions have ended.
class NotEnoughMemory : public Error {
 public:
  using Error::Error;
};

/// More tokens than the model was trained for, or than a method can take for it.
class TextTooLong : public Error {
 public:
  TextTooLong(const std::string& message, std::string field, std::int64_t tokens, std::int64_t most)
      : Error(message, std::move(field)), tokens_(tokens), most_(most) {}
  std::int64_t tokens() const { return tokens_; }  ///< that there are, template and answer included
  std::int64_t most() const { return most_; }

 private:
  std::int64_t tokens_, most_;
};

/// The work was stopped through its CancelToken. The program exits with 130.
class Cancelled : public Error {
 public:
  Cancelled() : Error("interrupted") {}
};

}  // namespace focusllm
