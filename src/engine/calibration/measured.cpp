#include "engine/calibration/measured.h"

#include <cstring>
#include <exception>
#include <fstream>
#include <system_error>

#include <nlohmann/json.hpp>

#include "engine/cache_folder.h"
#include "engine/calibration/known.h"

namespace focusllm::calibration {
namespace {

using Json = nlohmann::json;

std::filesystem::path file_of(const std::string& weights_hash, std::size_t text) {
  return entry_of(weights_hash, "." + std::to_string(text));
}

/// All heads' scores, one after the other.
Json::binary_t bytes_of(const std::vector<std::vector<float>>& scores) {
  Json::binary_t bytes;
  for (const std::vector<float>& head : scores) {
    const auto part = std::as_bytes(std::span(head));
    const auto* first = reinterpret_cast<const std::uint8_t*>(part.data());
    bytes.insert(bytes.end(), first, first + part.size());
  }
  return bytes;
}

std::vector<std::vector<float>> scores_of(const Json::binary_t& bytes, std::size_t heads) {
  const std::size_t of_head = bytes.size() / heads;
  if (bytes.empty() || of_head * heads != bytes.size() || of_head % sizeof(float) != 0)
    throw std::invalid_argument("scores");
  std::vector<std::vector<float>> scores(heads, std::vector<float>(of_head / sizeof(float)));
  for (std::size_t head = 0; head < heads; ++head)
    std::memcpy(scores[head].data(), bytes.data() + head * of_head, of_head);
  return scores;
}

std::vector<Case> cases_of(const Json& file, Kind kind, std::size_t heads) {
  if (file.at("version") != kVersion) throw std::invalid_argument("version");
  std::vector<Case> cases;
  for (const Json& one : file.at("cases")) {
    cases.push_back({kind, one.at("first"), one.at("last"), scores_of(one.at("scores").get_binary(), heads)});
    const Case& read = cases.back();
    if (read.first >= read.last || read.last > read.scores.front().size())
      throw std::invalid_argument("blocks");
  }
  return cases;
}

}  // namespace

void keep_measured(const std::string& weights_hash, std::size_t text, std::span<const Case> cases) {
  Json file = {{"version", kVersion}, {"cases", Json::array()}};
  for (const Case& one : cases)
    file["cases"].push_back(
        {{"first", one.first}, {"last", one.last}, {"scores", Json::binary(bytes_of(one.scores))}});
  const std::vector<std::uint8_t> bytes = Json::to_cbor(file);
  write_cache_entry(file_of(weights_hash, text), std::as_bytes(std::span(bytes)));
}

std::optional<std::vector<Case>> measured(const std::string& weights_hash, std::size_t text,
                                          std::size_t heads) {
  std::ifstream stream(file_of(weights_hash, text), std::ios::binary);
  if (!stream) return std::nullopt;
  try {
    return cases_of(Json::from_cbor(stream), kTexts[text].kind, heads);
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

void forget_measured(const std::string& weights_hash) {
  std::error_code ignored;
  for (std::size_t text = 0; text < std::size(kTexts); ++text)
    std::filesystem::remove(file_of(weights_hash, text), ignored);
}

}  // namespace focusllm::calibration
