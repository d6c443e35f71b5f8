#include "train_program/workplace.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "gguf/writer.h"
#include "tokenizer/small_vocabulary.h"
#include "tokenizer/vocabulary.h"

namespace focusllm::cli_test {
namespace {

constexpr std::int64_t kWidth = 64;
constexpr const char* kChatml =
    "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>'}}";

/// A GGUF file with all that is read before training: what the model is, with no weights but the embedding's,
/// and its vocabulary.
void write_model(const std::filesystem::path& path) {
  const auto vocabulary = small_byte_level(kChatml, {"<|im_start|>", "<|im_end|>"});
  gguf::Writer writer;
  writer.set("general.architecture", "llama");
  writer.set("llama.context_length", std::uint32_t{4096});
  writer.set("llama.block_count", std::uint32_t{2});
  writer.set("llama.embedding_length", std::uint32_t{kWidth});
  writer.set("llama.feed_forward_length", std::uint32_t{128});
  writer.set("llama.attention.head_count", std::uint32_t{4});
  writer.set("llama.attention.head_count_kv", std::uint32_t{2});
  writer.set("llama.attention.layer_norm_rms_epsilon", 1e-5F);
  writer.set("tokenizer.ggml.model", "gpt2");
  writer.set("tokenizer.ggml.pre", "gpt-2");
  std::vector<std::string> texts;
  std::vector<std::int32_t> kinds;
  for (const auto& text : vocabulary->texts) texts.emplace_back(text);
  for (const auto kind : vocabulary->kinds) kinds.push_back(kind);
  writer.set("tokenizer.ggml.tokens", texts);
  writer.set("tokenizer.ggml.token_type", kinds);
  writer.set("tokenizer.ggml.merges", std::vector<std::string>{"b c", "a b", "a bc"});
  writer.set("tokenizer.ggml.bos_token_id", std::uint32_t{256});
  writer.set("tokenizer.ggml.eos_token_id", std::uint32_t{257});
  writer.set("tokenizer.chat_template", kChatml);
  const auto words = static_cast<std::int64_t>(vocabulary->texts.size());
  writer.add("token_embd.weight", BlockType::f32, {kWidth, words},
             std::vector<std::byte>(static_cast<std::size_t>(kWidth * words) * sizeof(float)));
  writer.write(path);
}

}  // namespace

Workplace::Workplace() {
  write_model(folder_.path() / "model.gguf");
  for (unsigned i = 0; i < 8; ++i)
    folder_.write("texts/" + std::to_string(i) + ".txt", data::prose(8000 + i, i));
}

std::string Workplace::read(const std::string& name) const {
  std::ostringstream bytes;
  bytes << std::ifstream(path(name), std::ios::binary).rdbuf();
  return bytes.str();
}

bool Workplace::has(const std::string& name) const {
  return std::filesystem::exists(path(name));
}

std::vector<std::string> Workplace::files() const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
    const std::string name = entry.path().filename();
    if (name != "model.gguf" && name != "texts") names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> Workplace::command(const std::vector<std::string>& more) const {
  std::vector<std::string> arguments = {"-m", path("model.gguf"), path("texts"), "-o", path("a.gguf")};
  const std::vector<std::pair<std::string, std::string>> settings = {
      {"--steps", "12"},         {"--chunks", "1-8"},
      {"--pool", "16"},          {"--run", "4"},
      {"--renewed", "2"},        {"--chunk-size", "300"},
      {"--local", "8-100"},      {"--positions", "200"},
      {"--warmup", "2"},         {"--checkpoint-every", "5"},
      {"--validate-every", "4"}, {"--validation-samples", "6"},
      {"--validation", "0.3"}};
  for (const auto& [flag, value] : settings)
    if (std::find(more.begin(), more.end(), flag) == more.end())
      arguments.insert(arguments.end(), {flag, value});
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

Ended Workplace::train(const std::vector<std::string>& more,
                       const std::vector<std::string>& environment) const {
  Process::Streams streams;
  streams.environment = environment;
  return Process(command(more), streams).wait();
}

std::vector<nlohmann::json> Workplace::metrics() const {
  std::vector<nlohmann::json> records;
  std::istringstream lines(read("a.gguf.jsonl"));
  for (std::string line; std::getline(lines, line);) {
    records.push_back(nlohmann::json::parse(line));
    records.back().erase("seconds");
    records.back().erase("step_seconds");
  }
  return records;
}

int Workplace::checkpoint_step() const {
  return std::atoi(read("a.gguf.checkpoint").c_str());
}

std::vector<int> steps_of(const std::vector<nlohmann::json>& records) {
  std::vector<int> steps;
  for (const auto& record : records)
    if (!record.contains("validation")) steps.push_back(record.at("step"));
  return steps;
}

}  // namespace focusllm::cli_test
