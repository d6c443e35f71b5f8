#include "train/group.h"

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "train/group_backend.h"

namespace focusllm::train {
namespace {

/// Integer in an environment variable, at most `most`; `missing` if it is not set.
int from_variable(const char* name, int most, std::optional<int> missing) {
  const char* text = std::getenv(name);
  if (text == nullptr && missing) return *missing;
  if (text == nullptr) throw UsageError(fmt::format("WORLD_SIZE is set, but {} is not", name));
  const std::string_view all(text);
  int value = 0;
  const auto [end, error] = std::from_chars(all.data(), all.data() + all.size(), value);
  if (error != std::errc() || end != all.data() + all.size() || value < 0 || value > most) {
    throw UsageError(fmt::format("{}={}: not a whole number from 0 to {}", name, all, most));
  }
  return value;
}

void check(const GroupOptions& options) {
  if (options.world_size < 1 || options.rank < 0 || options.rank >= options.world_size) {
    throw UsageError(fmt::format("rank {} of {}: ranks go from 0 to one less than their number", options.rank,
                                 options.world_size));
  }
  if (options.timeout.count() <= 0) {
    throw UsageError(fmt::format("a timeout of {} ms between ranks", options.timeout.count()));
  }
}

class Alone final : public Group {
 public:
  explicit Alone(const GroupOptions& options) : Group(options) {}
  void sum(std::span<double>) override {}
  void sum(at::Tensor&) override {}
};

}  // namespace

std::optional<GroupOptions> GroupOptions::from_environment() {
  constexpr int kMostRanks = 1 << 20;
  if (std::getenv("WORLD_SIZE") == nullptr) return std::nullopt;
  GroupOptions options;
  options.world_size = from_variable("WORLD_SIZE", kMostRanks, std::nullopt);
  options.rank = from_variable("RANK", kMostRanks, std::nullopt);
  options.port = static_cast<std::uint16_t>(from_variable("MASTER_PORT", 65535, options.port));
  if (const char* address = std::getenv("MASTER_ADDR")) options.address = address;
  check(options);
  return options;
}

std::shared_ptr<Group> Group::join(const GroupOptions& options) {
  check(options);
  if (options.world_size == 1) return std::make_shared<Alone>(options);
  return join_backend(options);
}

void Group::barrier() {
  double nothing = 0;
  sum(std::span(&nothing, 1));
}

std::uint16_t free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  const bool found = socket >= 0 && bind(socket, raw, size) == 0 && getsockname(socket, raw, &size) == 0;
  const int error = errno;
  if (socket >= 0) close(socket);
  if (!found) fail("no free TCP port on the loopback interface: {}", std::strerror(error));
  return ntohs(address.sin_port);
}

}  // namespace focusllm::train
