#include "gguf/cursor.h"

namespace focusllm::gguf {

std::string quote_name(std::string_view name) {
  constexpr std::size_t longest = 80;
  std::string text = "\"";
  for (const char c : name.substr(0, longest)) {
    if (c >= ' ' && c <= '~') {
      text += c;
    } else {
      text += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  return text + (name.size() > longest ? "...\"" : "\"");
}

std::string_view Cursor::string(std::uint64_t limit) {
  const std::size_t start = offset_;
  const auto length = read<std::uint64_t>();
  if (length > limit && length <= remaining()) {
    reject_at(start, fmt::format("a text of {} bytes is longer than the {} allowed here", length, limit));
  }
  const auto bytes = take(length);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::uint64_t Cursor::count(std::uint64_t least_size, std::string_view what) {
  const std::size_t start = offset_;
  const auto count = read<std::uint64_t>();
  if (count > remaining() / least_size) {
    reject_at(start,
              fmt::format("{} {} do not fit in the {} bytes that follow; the file is truncated or damaged: "
                          "download it again",
                          count, what, remaining()));
  }
  return count;
}

void Cursor::reject_at(std::size_t offset, const std::string& problem) const {
  fail("{}: {} at byte {}: {}", file_, subject_, offset, problem);
}

void Cursor::reject_truncated(std::uint64_t size) const {
  reject("{} bytes expected but the file has only {} more; it is truncated or damaged: download it again",
         size, remaining());
}

}  // namespace focusllm::gguf
