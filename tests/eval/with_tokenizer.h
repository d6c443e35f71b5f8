#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "eval/task.h"
#include "focusllm/session.h"

namespace focusllm::eval {

/// Tests of prompts, which need a real model's tokenizer; skipped where there is none.
class WithTokenizer : public testing::Test {
 protected:
  void SetUp() override {
    const std::string path = FOCUSLLM_SOURCE_DIR "/models/SmolLM2-135M-Instruct.Q4_1.gguf";
    if (!std::filesystem::exists(path)) GTEST_SKIP() << "no model: make models";
    file_ = gguf::File::open(path);
    tokenizer_ = Tokenizer::load(*file_);
  }
  std::string text(const Prompt& prompt) const { return tokenizer_->decode(prompt.tokens); }

  std::shared_ptr<const gguf::File> file_;
  std::shared_ptr<const Tokenizer> tokenizer_;
};

inline int count(const std::string& text, const std::string& what) {
  int found = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
  return found;
}

}  // namespace focusllm::eval
