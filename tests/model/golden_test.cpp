// The decoder on real models against llama.cpp (tools/golden_model.py).

#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "engine/engine.h"
#include "engine/sampler.h"
#include "gguf/writer.h"
#include "model/model.h"

namespace focusllm::test {
namespace {

const std::filesystem::path kRoot = FOCUSLLM_SOURCE_DIR;

#ifdef FOCUSLLM_SANITIZE
constexpr bool kSanitized = true;  // slow: one chunk of text runs every line, the Release run compares values
#else
constexpr bool kSanitized = false;
#endif

struct Case {
  const char* model;
  const char* golden;
};

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

class Golden : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(model_path())) GTEST_SKIP() << "no " << model_path() << ": make models";
    golden_ = nlohmann::json::parse(read_file(kRoot / "tests/golden" / GetParam().golden));
  }
  std::filesystem::path model_path() const { return kRoot / "models" / GetParam().model; }
  std::string text() const {
    const std::string text = read_file(kRoot / "tests/golden/psalms.txt");
    return kSanitized ? text.substr(0, 2600) : text;
  }

  double perplexity_of(const Engine& engine, attention::KvType kv_type) const {
    ContextOptions options;
    options.method = "full";
    options.kv_type = kv_type;
    return perplexity(engine, text(), 512, options, {}, {}).value;
  }

  /// The model's file with every tensor dequantised to F32.
  std::filesystem::path dequantised() const {
    const auto path = std::filesystem::temp_directory_path() /
                      ("focusllm-f32-" + std::to_string(getpid()) + "-" + GetParam().model);
    const auto source = gguf::File::open(model_path());
    gguf::Writer writer;
    for (const auto& entry : source->metadata()) writer.copy(entry);
    for (const auto& tensor : source->tensors()) {
      std::vector<std::byte> data(static_cast<std::size_t>(tensor.elements()) * sizeof(float));
      dequantize(tensor.type, tensor.data.data(), tensor.elements(), reinterpret_cast<float*>(data.data()));
      writer.add(tensor.name, BlockType::f32, tensor.dims, std::move(data));
    }
    writer.write(path);
    return path;
  }
  nlohmann::json golden_;
};

TEST_P(Golden, QuantisedPerplexityIsWithinHalfAPercent) {
  const auto engine = Engine::load(model_path());
  const double reference = golden_["f32"]["perplexity"];
  const double value = perplexity_of(*engine, attention::KvType::bf16);
  EXPECT_TRUE(std::abs(value / reference - 1) <= (kSanitized ? 0.5 : 0.005)) << value << " for " << reference;
}

/// The likeliest tokens after a prompt, with their log-probabilities, close to the reference's.
void expect_likeliest(const Engine& engine, Session session, const nlohmann::json& golden) {
  const std::string prompt = golden["prompt"];
  std::vector<Token> ids;
  if (engine.tokenizer().adds_bos()) ids.push_back(*engine.tokenizer().bos());
  const auto words = engine.tokenizer().encode(prompt);
  ids.insert(ids.end(), words.begin(), words.end());
  EXPECT_EQ(ids, golden["ids"].get<std::vector<Token>>()) << prompt;
  AskOptions ask;
  ask.max_tokens = 1;
  ask.logprobs = 10;
  const Answer answer = session.ask(prompt, ask);
  ASSERT_EQ(answer.tokens.size(), 1U) << prompt;
  const auto& expected = golden["top"];
  EXPECT_EQ(answer.tokens[0].id, expected[0][0].get<Token>()) << prompt;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double logprob = expected[i][1];
    const double got = answer.tokens[0].top[i].logprob;
    EXPECT_TRUE(std::abs(got - logprob) <= 0.02)
        << prompt << ", rank " << i << ": " << got << " for " << logprob;
  }
}

TEST_P(Golden, F32FileAgrees) {
  if (kSanitized) GTEST_SKIP() << "too slow with sanitizers";
  const auto path = dequantised();
  {
    const auto engine = Engine::load(path);
    std::filesystem::remove(path);  // stays mapped
    const double reference = golden_["f32"]["perplexity"];
    const double value = perplexity_of(*engine, attention::KvType::f32);
    EXPECT_TRUE(std::abs(value / reference - 1) <= 0.001) << value << " for " << reference;
    Session::Options options;
    options.raw = true;
    options.context.kv_type = attention::KvType::f32;
    for (const auto& golden : golden_["f32"]["cases"])
      expect_likeliest(*engine, Session(engine, options), golden);
  }
}

INSTANTIATE_TEST_SUITE_P(Models, Golden,
                         testing::Values(Case{"SmolLM2-135M-Instruct.Q4_1.gguf", "model_smollm2.json"},
                                         Case{"gemma-3-270m-q4_k_m.gguf", "model_gemma3.json"}));

}  // namespace
}  // namespace focusllm::test
