#include "stored_json.h"

#include <ctime>

#include <fmt/chrono.h>

namespace focusllm::cli {

using Json = nlohmann::ordered_json;

std::string format_time(std::int64_t seconds) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

Json stored_json(const StoredText& text) {
  Json json = {{"name", text.name},
               {"model", text.model},
               {"method", text.method},
               {"settings", text.settings},
               {"complete", text.complete},
               {"tokens", text.tokens},
               {"bytes", text.bytes},
               {"stored_bytes", text.stored_bytes},
               {"read_at", format_time(text.read_at)},
               {"used_at", format_time(text.used_at)},
               {"sources", Json::array()}};
  for (const StoredSource& source : text.sources)
    json["sources"].push_back(
        {{"name", source.name}, {"bytes", source.bytes}, {"first_token", source.first_token}});
  return json;
}

}  // namespace focusllm::cli
