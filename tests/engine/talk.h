#pragma once

#include <string>
#include <vector>

#include "focusllm/session.h"
#include "support/tiny_engine.h"

namespace focusllm::test {

/// What one session reads and asks.
struct Talk {
  std::string method;
  std::int64_t text = 0, answer = 0;  ///< tokens
  int late = 0;                       ///< milliseconds after the others
};

/// Of a raw one, with sizes that fit a tiny model.
Session::Options session_options(const std::string& method);
Session open_session(const TinyEngine& tiny, const std::string& method, const CancelToken* cancel = nullptr);

/// All tokens of two answers, with their log-probabilities.
std::vector<TokenProbability> hold(const TinyEngine& tiny, const Talk& talk, unsigned seed);

/// To the bit.
void expect_same(const std::vector<TokenProbability>& got, const std::vector<TokenProbability>& want,
                 const Talk& talk);

}  // namespace focusllm::test
