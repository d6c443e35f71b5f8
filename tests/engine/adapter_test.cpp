// An adapter is compared with its model by names and shapes first: hashing gigabytes of weights comes last.
// Engines of one model share what does not depend on their adapters.

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error.h"
#include "context/focus/tail_store.h"
#include "engine/adapter_search.h"
#include "engine/parts.h"
#include "focusllm/session.h"
#include "gguf/writer.h"
#include "memory/segment_store.h"
#include "model/model.h"
#include "support/tiny_adapter.h"
#include "support/tiny_engine.h"

namespace focusllm::test {
namespace {

using testing::HasSubstr;

class Adapters : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("focusllm-adapters-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_ / "adapters");
    write(*tiny_.file, folder_ / "model.gguf");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  /// A copy; of an adapter, as one that was made for another model.
  static void write(const gguf::File& file, const std::filesystem::path& path,
                    const std::string& base_hash = "") {
    gguf::Writer writer;
    for (const auto& entry : file.metadata()) {
      if (base_hash.empty() || entry.key != "focusllm.base.hash") writer.copy(entry);
    }
    if (!base_hash.empty()) writer.set("focusllm.base.hash", base_hash);
    for (const auto& tensor : file.tensors())
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
    write(*TinyAdapter(other, 4, 1).file, folder_ / "adapter.gguf");
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
  write(*TinyAdapter(wider(), 4, 1).file, folder_ / "adapters" / "a.gguf");
  EXPECT_EQ(find_adapter(*base, tiny_.model->spec(), hash), nullptr);
  EXPECT_EQ(hash, "");
  write(*TinyAdapter(tiny_, 4, 1).file, folder_ / "adapters" / "b.gguf");
  const auto found = find_adapter(*base, tiny_.model->spec(), hash);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->path().filename(), "b.gguf");
  EXPECT_NE(hash, "");
}

TEST_F(Adapters, EnginesOfOneModelShareChunksAndNeverCandidates) {
  const TinyEngine tiny;
  write(tiny.engine->file(), folder_ / "model.gguf");
  const auto load = [&](unsigned seed) {
    EngineOptions options;
    options.adapter = folder_ / "adapters" / fmt::format("{}.gguf", seed);
    write(*TinyAdapter(tiny_, 4, seed).file, options.adapter, tiny.engine->model_hash());
    return Engine::load(folder_ / "model.gguf", options);
  };
  const auto first = load(1), second = load(2);
  EXPECT_EQ(model_of(*first).weights(), tiny.engine->model_hash());
  const auto text = tiny.tokens(300, 3);
  const auto answer = [&](const std::shared_ptr<const Engine>& engine, const ContextOptions& stores) {
    Session::Options options;
    options.raw = true;
    options.context = stores;
    options.context.method = "focus";
    options.context.kv_type = attention::KvType::bf16;
    options.context.chunk = 16;
    options.context.local = 24;
    Session session(engine, options);
    session.read_tokens(text);
    AskOptions ask;
    ask.max_tokens = 8;
    std::vector<std::pair<Token, float>> tokens;
    for (const auto& token : session.ask("", ask).tokens) tokens.emplace_back(token.id, token.logprob);
    return tokens;
  };
  ContextOptions stores;
  const auto alone = answer(second, stores);
  stores.chunk_store = make_chunk_store(std::int64_t{1} << 30);
  stores.tail_store = make_tail_store(std::int64_t{1} << 30);
  EXPECT_NE(answer(first, stores), alone);
  const std::int64_t chunks = stores.chunk_store->bytes(), tails = stores.tail_store->bytes();
  EXPECT_GT(chunks, 0);
  EXPECT_EQ(answer(second, stores), alone);
  EXPECT_EQ(stores.chunk_store->bytes(), chunks);
  EXPECT_EQ(stores.tail_store->bytes(), 2 * tails);
}

TEST_F(Adapters, ASecondLoadKnowsTheHash) {
  ::setenv("XDG_CACHE_HOME", (folder_ / "cache").c_str(), 1);
  const auto model = folder_ / "model.gguf";
  std::filesystem::last_write_time(model,
                                   std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  EXPECT_THAT(error_of(tiny_), HasSubstr("tokenizer.ggml.model"));  // which comes after the adapter
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "cache" / "focusllm" / "weights"))
    std::fstream(entry.path()) << std::string(32, '0');
  EXPECT_THAT(error_of(tiny_), HasSubstr("has 00000000000000000000000000000000"));
  ::unsetenv("XDG_CACHE_HOME");
}

}  // namespace
}  // namespace focusllm::test
