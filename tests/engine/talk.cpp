#include "talk.h"

#include <gtest/gtest.h>

namespace focusllm::test {

Session::Options session_options(const std::string& method) {
  Session::Options options;
  options.raw = true;
  options.context.method = method;
  options.context.beyond_trained = true;
  if (method != "full" && method != "dca") options.context.local = 32;
  if (method == "infllm") options.context.block = 8;
  if (method == "infllm") options.context.top_k = options.context.answer_top_k = 3;
  if (method == "focus") options.context.chunk = 24;
  options.context.heads = "0.1,1.2";
  return options;
}

Session open_session(const TinyEngine& tiny, const std::string& method, const CancelToken* cancel) {
  Session::Options options = session_options(method);
  options.cancel = cancel;
  return Session(tiny.engine, options);
}

std::vector<TokenProbability> hold(const TinyEngine& tiny, const Talk& talk, unsigned seed) {
  auto reader = open_session(tiny, talk.method);
  std::vector<TokenProbability> drawn;
  AskOptions ask;
  ask.max_tokens = talk.answer;
  ask.sampling.temperature = seed % 2 == 0 ? 0 : 1;
  ask.sampling.seed = seed;
  reader.read_tokens(tiny.tokens(talk.text, seed));
  for (int turn = 0; turn < 2; ++turn) {
    for (const GeneratedToken& token : reader.ask("", ask).tokens) drawn.push_back({token.id, token.logprob});
    reader.read_tokens(tiny.tokens(5, seed + 100));
  }
  return drawn;
}

void expect_same(const std::vector<TokenProbability>& got, const std::vector<TokenProbability>& want,
                 const Talk& talk) {
  ASSERT_EQ(got.size(), want.size()) << talk.method;
  for (std::size_t i = 0; i < got.size(); ++i) {
    ASSERT_EQ(got[i].id, want[i].id) << talk.method << ", token " << i;
    ASSERT_EQ(got[i].logprob, want[i].logprob) << talk.method << ", token " << i;
  }
}

}  // namespace focusllm::test
