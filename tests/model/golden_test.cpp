// The decoder on real models against llama.cpp (tools/golden_model.py).

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "engine/sampler.h"
#include "focusllm/scores.h"
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

/// Log-probabilities of a text's tokens, each given up to 511 before it.
std::vector<float> scores_of(const std::filesystem::path& model, ProductType type, const std::string& text) {
  EngineOptions engine_options;
  engine_options.product_type = type;
  const auto engine = Engine::load(model, engine_options);
  ContextOptions options;
  options.method = "full";
  options.kv_type = attention::KvType::bf16;
  const CancelToken cancel;
  const std::vector<Token> ids = engine->tokenizer().encode(text);
  std::vector<float> scores;
  for (std::size_t first = 0; first + 511 <= ids.size(); first += 511) {
    std::vector<Token> piece(ids.begin() + static_cast<std::ptrdiff_t>(first),
                             ids.begin() + static_cast<std::ptrdiff_t>(first + 511));
    if (engine->tokenizer().adds_bos()) piece.insert(piece.begin(), *engine->tokenizer().bos());
    const auto scored = log_probabilities(*engine, piece, 510, options, cancel);
    scores.insert(scores.end(), scored.begin(), scored.end());
  }
  return scores;
}

// What rounding the products costs, told apart from chance: half the mean square of the differences estimates
// the divergence of the predictions (which is what perplexity loses on average) with far less noise than
// their mean. Words that the model did not expect weigh more in it than they should, so that it is up to
// twice as large.
TEST_P(Golden, TheFastestProductsPredictAsExactOnesDo) {
#ifdef FOCUSLLM_SANITIZE
  GTEST_SKIP() << "compares values: Release only";
#endif
  const std::vector<float> exact = scores_of(model_path(), ProductType::f32, text());
  const std::vector<float> fast = scores_of(model_path(), ProductType::automatic, text());
  ASSERT_EQ(exact.size(), fast.size());
  ASSERT_GT(exact.size(), 2000U);
  double sum = 0;
  double squares = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const double difference = exact[i] - fast[i];
    sum += difference;
    squares += difference * difference;
  }
  const auto count = static_cast<double>(exact.size());
  EXPECT_TRUE(squares / count / 2 <= 0.01) << "divergence " << squares / count / 2;
  const double error = std::sqrt(squares) / count;
  EXPECT_TRUE(sum / count <= 0.005 + 2 * error) << "mean loss " << sum / count << " +- " << error;
  std::cout << "divergence " << squares / count / 2 << ", mean loss " << sum / count << " +- " << error
            << "\n";
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
