// An adapter is compared with its model by names and shapes first: hashing gigabytes of weights comes last.

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error.h"
#include "engine/adapter_search.h"
#include "focusllm/session.h"
#include "gguf/writer.h"
#include "support/tiny_adapter.h"

namespace focusllm::test {
namespace {

using testing::HasSubstr;

class Adapters : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("focusllm-adapters-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_ / "adapters");
    write(tiny_.file, folder_ / "model.gguf");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  static void write(const std::shared_ptr<const gguf::File>& file, const std::filesystem::path& path) {
    gguf::Writer writer;
    for (const auto& entry : file->metadata()) writer.copy(entry);
    for (const auto& tensor : file->tensors())
      writer.add(tensor.name, tensor.type, tensor.dims, {tensor.data.begin(), tensor.data.end()});
    writer.write(path);
  }
  static TinyModel wider() {
    TinySizes sizes;
    sizes.heads = 6;
    return TinyModel(sizes);
  }
  static TinyModel shorter() {
    TinySizes sizes;
    sizes.layers = 4;
    return TinyModel(sizes);
  }
  std::string error_of(const TinyModel& other) const {
    write(TinyAdapter(other, 4, 1).file, folder_ / "adapter.gguf");
    EngineOptions options;
    options.adapter = folder_ / "adapter.gguf";
    try {
      Engine::load(folder_ / "model.gguf", options);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
  const TinyModel tiny_{TinySizes{}};
  std::filesystem::path folder_;
};

TEST_F(Adapters, ShapesAreComparedBeforeWeights) {
  EXPECT_THAT(error_of(wider()), HasSubstr("blk.0.attn_q.weight.lora_b"));
  EXPECT_THAT(error_of(shorter()), HasSubstr("blk.3.attn_"));
  EXPECT_THAT(error_of(TinyModel(TinySizes{}, 2)), HasSubstr("made for a model with weights"));
}

TEST_F(Adapters, TheSearchHashesTheModelOnlyForOneThatFits) {
  const auto base = gguf::File::open(folder_ / "model.gguf");
  std::string hash;
  write(TinyAdapter(wider(), 4, 1).file, folder_ / "adapters" / "a.gguf");
  EXPECT_EQ(find_adapter(*base, tiny_.model->spec(), hash), nullptr);
  EXPECT_EQ(hash, "");
  write(TinyAdapter(tiny_, 4, 1).file, folder_ / "adapters" / "b.gguf");
  const auto found = find_adapter(*base, tiny_.model->spec(), hash);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->path().filename(), "b.gguf");
  EXPECT_NE(hash, "");
}

}  // namespace
}  // namespace focusllm::test
