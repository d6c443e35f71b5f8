#include "train/checkpoint.h"

#include <cstring>

#include "base/error.h"
#include "base/hash.h"
#include "focusllm/gguf.h"
#include "gguf/writer.h"

namespace focusllm::train {
namespace {

using torch::Tensor;

constexpr const char* kVersion = "1";
constexpr const char* kStepsKey = "focusllm.checkpoint.steps";
constexpr const char* kHashKey = "focusllm.checkpoint.hash";

std::string option_key(const std::string& name) {
  return "focusllm.run." + name;
}

std::span<const std::byte> bytes_of(const Tensor& tensor) {
  return {static_cast<const std::byte*>(tensor.data_ptr()), tensor.nbytes()};
}

/// Over everything that training goes on from: a file that was damaged on the disk does not match it.
std::string state_hash(std::int64_t steps, const std::vector<std::span<const std::byte>>& tensors) {
  std::vector<std::span<const std::byte>> pieces{std::as_bytes(std::span(&steps, 1))};
  pieces.insert(pieces.end(), tensors.begin(), tensors.end());
  return content_hash(pieces);
}

std::span<const std::byte> tensor_bytes(const gguf::File& file, const char* name, std::int64_t count) {
  const gguf::Tensor& tensor = file.tensor(name);
  if (tensor.type != BlockType::f32 || tensor.elements() != count) {
    fail("{}: {} holds {} numbers of type {}; this run has {} of type F32", file.path().string(), name,
         tensor.elements(), block_traits(tensor.type).name, count);
  }
  return tensor.data;
}

Tensor to_tensor(std::span<const std::byte> bytes) {
  auto tensor = torch::empty({static_cast<std::int64_t>(bytes.size() / sizeof(float))}, torch::kFloat);
  std::memcpy(tensor.data_ptr(), bytes.data(), bytes.size());
  return tensor;
}

void check_fingerprint(const gguf::File& file, const Fingerprint& fingerprint) {
  const std::string path = file.path().string();
  if (file.string("general.type") != "checkpoint") fail("{}: not a checkpoint of the trainer", path);
  const std::string_view version = file.require_string("focusllm.checkpoint.version");
  if (version != kVersion)
    fail("{}: version {} of checkpoints; this build reads {}", path, version, kVersion);
  for (const auto& [name, value] : fingerprint) {
    const std::string_view there = file.require_string(option_key(name));
    if (there != value) {
      fail("{}: made with {} {}, this run has {}: resume with the model and options that it was started with",
           path, name, there, value);
    }
  }
}

}  // namespace

void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint,
                      const Fingerprint& fingerprint) {
  gguf::Writer writer;
  writer.set("general.type", "checkpoint");
  writer.set("general.architecture", "focusllm");
  writer.set("focusllm.checkpoint.version", kVersion);
  for (const auto& [name, value] : fingerprint) writer.set(option_key(name), std::string_view(value));
  writer.set(kStepsKey, std::string_view(std::to_string(checkpoint.steps)));
  std::vector<std::span<const std::byte>> contents;
  const auto add = [&](const char* name, const Tensor& tensor) {
    const auto bytes = bytes_of(tensor);
    contents.push_back(bytes);
    writer.add(name, BlockType::f32, {tensor.numel()}, {bytes.begin(), bytes.end()});
  };
  add("parameters", checkpoint.values);
  add("adamw.first", checkpoint.first);
  add("adamw.second", checkpoint.second);
  writer.set(kHashKey, std::string_view(state_hash(checkpoint.steps, contents)));
  writer.write(path);
}

Checkpoint read_checkpoint(const std::filesystem::path& path, std::int64_t count,
                           const Fingerprint& fingerprint) {
  const auto file = gguf::File::open(path);
  check_fingerprint(*file, fingerprint);
  Checkpoint checkpoint;
  const std::string steps(file->require_string(kStepsKey));
  try {
    checkpoint.steps = std::stoll(steps);
  } catch (const std::exception&) {
    fail("{}: {} is {}", path.string(), kStepsKey, steps);
  }
  const std::vector contents{tensor_bytes(*file, "parameters", count),
                             tensor_bytes(*file, "adamw.first", count),
                             tensor_bytes(*file, "adamw.second", count)};
  if (state_hash(checkpoint.steps, contents) != file->require_string(kHashKey)) {
    fail("{}: damaged, its contents do not match their hash: go back to an older checkpoint", path.string());
  }
  checkpoint.values = to_tensor(contents[0]);
  checkpoint.first = to_tensor(contents[1]);
  checkpoint.second = to_tensor(contents[2]);
  return checkpoint;
}

}  // namespace focusllm::train
