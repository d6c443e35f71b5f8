#pragma once

#include <string>

namespace focusllm::cli {

enum ExitCode { kDone = 0, kFailed = 1, kWrongUse = 2, kStopped = 130 };

/// Says what the exception being handled is about, and gives the exit code for it: call it in a catch block.
/// `prefix` begins each line; with one, a stop says nothing (whoever the prefix tells apart speaks for all).
/// `memory_hint` says what to try when memory ran out.
int report_exception(const std::string& prefix, const std::string& memory_hint);
/// Runs a program. Reporting may itself fail (full disk, closed pipe): nothing may leave main as an
/// exception.
int guarded(int (*run)(int argc, char** argv), int argc, char** argv);

}  // namespace focusllm::cli
