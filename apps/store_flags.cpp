#include "store_flags.h"

#include <charconv>
#include <limits>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/error.h"

namespace focusllm::cli {

std::optional<std::int64_t> parse_bytes(std::string_view text) {
  std::int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || value <= 0) return std::nullopt;
  if (rest == end) return value;
  const std::size_t unit = std::string_view("KMGT").find(static_cast<char>(*rest & ~0x20));
  if (rest + 1 != end || unit == std::string_view::npos) return std::nullopt;
  const int shift = 10 * (static_cast<int>(unit) + 1);
  if (value > std::numeric_limits<std::int64_t>::max() >> shift) return std::nullopt;
  return value << shift;
}

void StoreFlags::add_to(CLI::App& app, bool with_limit) {
  app.add_option(
         "--store", folder,
         "Folder of texts that were read; ~/.local/share/focusllm, or focusllm in XDG_DATA_HOME, if not "
         "given")
      ->envname("FOCUSLLM_STORE")
      ->type_name("DIR")
      ->group("Store");
  if (!with_limit) return;
  app.add_option(
         "--store-max", most,
         "Bytes that the store may take (5G, 300M): texts that were not used for longest make room; no "
         "limit if not given")
      ->type_name("BYTES")
      ->group("Store");
}

std::filesystem::path StoreFlags::path() const {
  return folder.empty() ? default_store() : std::filesystem::path(folder);
}

std::shared_ptr<Store> StoreFlags::open() const {
  Store::Options options;
  if (!most.empty()) {
    const auto bytes = parse_bytes(most);
    if (!bytes)
      throw UsageError(fmt::format("--store-max: '{}' is no number of bytes (like 5G or 300M)", most));
    options.most_bytes = *bytes;
  }
  return Store::open(path(), options);
}

}  // namespace focusllm::cli
