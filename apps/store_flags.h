#pragma once

#include <memory>
#include <string>

#include "focusllm/store.h"

namespace CLI {
class App;
}

namespace focusllm::cli {

/// Where texts are kept.
struct StoreFlags {
  std::string folder;
  std::string most;  ///< bytes that the store may take, as parse_bytes

  /// with_limit: also --store-max.
  void add_to(CLI::App& app, bool with_limit = false);
  std::shared_ptr<Store> open() const;
  std::filesystem::path path() const;
};

/// "5G", "300M", "1000": bytes, in steps of 1024. Nothing if it is no such number, or 0.
std::optional<std::int64_t> parse_bytes(std::string_view text);

}  // namespace focusllm::cli
