#pragma once

namespace focusllm::cli {

/// A mapped file (a model, an adapter) that becomes shorter, or whose disk fails, raises SIGBUS where it is
/// read: says which file and ends the program with 1. Any other SIGBUS does what it would do without this.
void install_bus_error_handler();

}  // namespace focusllm::cli
