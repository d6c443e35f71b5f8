#pragma once

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

/// The work was stopped through its CancelToken. The program exits with 130.
class Cancelled : public Error {
 public:
  Cancelled() : Error("interrupted") {}
};

}  // namespace focusllm
