// Engines with kernels for instruction sets of their own, in one process.

#include <cstdio>
#include <cstdlib>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/cpu.h"
#include "base/error.h"
#include "talk.h"

namespace focusllm::test {
namespace {

using Drawn = std::vector<TokenProbability>;

TinyEngine engine_with(std::string_view isa, ProductType type = ProductType::automatic) {
  EngineOptions options;
  options.isa = isa;
  options.product_type = type;
  return TinyEngine(2, {}, options);
}

/// One with each method.
std::vector<Talk> talks() {
  std::vector<Talk> all;
  for (const std::string& method : method_names()) {
    if (method != "auto") all.push_back({method, 300, 8});
  }
  return all;
}

Drawn hold(const TinyEngine& tiny, std::size_t i) {
  return hold(tiny, talks()[i], static_cast<unsigned>(i));
}

std::string text_of(const Drawn& drawn) {
  std::string text;
  for (const TokenProbability& token : drawn) text += fmt::format("{} {:a} ", token.id, token.logprob);
  return text;
}

TEST(EngineIsa, TwoEnginesAnswerAsEachAlone) {
  const std::span<const Isa> isas = supported_isas();
  if (isas.size() < 2) GTEST_SKIP() << "one instruction set only";
  for (const ProductType type : {ProductType::automatic, ProductType::int8}) {
    const TinyEngine scalar = engine_with("scalar", type), strong = engine_with(isa_name(isas.back()), type);
    EXPECT_EQ(scalar.engine->isa(), "scalar");
    EXPECT_EQ(strong.engine->isa(), isa_name(isas.back()));
    const TinyEngine* engines[] = {&scalar, &strong};
    const std::size_t count = 2 * talks().size();
    std::vector<Drawn> alone, together(count);
    for (std::size_t i = 0; i < count; ++i) alone.push_back(hold(*engines[i % 2], i / 2));
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < count; ++i)
      threads.emplace_back([&, i] { together[i] = hold(*engines[i % 2], i / 2); });
    for (std::thread& thread : threads) thread.join();
    for (std::size_t i = 0; i < count; ++i) {
      SCOPED_TRACE(engines[i % 2]->engine->isa());
      expect_same(together[i], alone[i], talks()[i / 2]);
    }
    EXPECT_NE(text_of(alone[0]), text_of(alone[1])) << "the same kernels";
  }
}

// In a process whose default is another set: nothing of an engine goes by that.
TEST(EngineIsaDeathTest, ADefaultChangesNothing) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");  // runs this program again
  const std::string isa(isa_name(supported_isas().back()));
  const auto text = [&] {
    const TinyEngine tiny = engine_with(isa);
    std::string all;
    for (std::size_t i = 0; i < talks().size(); ++i) all += text_of(hold(tiny, i)) + "\n";
    return all;
  };
  const std::string here = text();
  const char* before = std::getenv("FOCUSLLM_ISA");
  const std::string kept = before != nullptr ? before : "";
  setenv("FOCUSLLM_ISA", "scalar", 1);
  EXPECT_EXIT(
      {
        std::fprintf(stderr, "by default %s:\n%s", isa_name(default_isa()).data(), text().c_str());
        std::exit(0);
      },
      testing::ExitedWithCode(0), testing::HasSubstr("by default scalar:\n" + here));
  setenv("FOCUSLLM_ISA", kept.c_str(), 1);
}

TEST(EngineIsa, OneThatThisMachineHasNotIsRefused) {
  EXPECT_EQ(engine_with("").engine->isa(), isa_name(default_isa()));
  try {
    engine_with("abacus");
    ADD_FAILURE() << "loaded";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(),
                testing::StartsWith("isa abacus: not an instruction set of this machine; it has "
                                    "scalar"));
    EXPECT_THAT(error.what(), testing::EndsWith(std::string(isa_name(supported_isas().back()))));
  }
  if (supported_isas().back() == Isa::amx) return;
  EXPECT_THROW(engine_with("amx"), Error);
}

}  // namespace
}  // namespace focusllm::test
