#include "eval/results.h"

#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>

#include <fmt/chrono.h>

#include "base/error.h"

namespace focusllm::eval {
namespace {

constexpr const char* kIdentity = "identity";

std::string utc_time() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

}  // namespace

Results::Results(std::filesystem::path path) : path_(std::move(path)) {
  load();
  const std::ofstream probe(path_, std::ios::app);
  if (!probe) fail("{}: cannot be written: {}", path_.string(), std::strerror(errno));
}

void Results::load() {
  if (!std::filesystem::exists(path_)) return;
  std::ifstream file(path_, std::ios::binary);
  if (!file) fail("{}: cannot be read: {}", path_.string(), std::strerror(errno));
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  std::size_t begin = 0;
  for (std::size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    Json line = Json::parse(text.begin() + static_cast<std::ptrdiff_t>(begin),
                            text.begin() + static_cast<std::ptrdiff_t>(end), nullptr, false);
    if (!line.is_object() || !line.contains(kIdentity)) {
      fail("{}: line {} is no result: give another file, or take that line away", path_.string(),
           lines_.size() + 1);
    }
    known_.insert(line[kIdentity].dump());
    lines_.push_back(std::move(line));
  }
  if (begin < text.size()) std::filesystem::resize_file(path_, begin);
}

bool Results::has(const Json& identity) const {
  return known_.contains(identity.dump());
}

void Results::add(const Json& identity, const Json& outcome) {
  Json line = {{kIdentity, identity}};
  line.update(outcome);
  if (!run_.is_null()) {
    line["run"] = run_;
    line["run"]["time"] = utc_time();
  }
  std::ofstream file(path_, std::ios::app | std::ios::binary);
  file << line.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n' << std::flush;
  if (!file) fail("{}: cannot be written: {}", path_.string(), std::strerror(errno));
  known_.insert(identity.dump());
  lines_.push_back(std::move(line));
}

}  // namespace focusllm::eval
