#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "focusllm/session.h"
#include "focusllm/source_text.h"

namespace focusllm {

/// A part of a text, as it is asked by itself.
struct TextPart {
  std::size_t source = 0;       ///< number of the source that it is of
  std::int64_t first_byte = 0;  ///< of the source
  std::int64_t bytes = 0;
  std::int64_t first_line = 1;  ///< of the source
  std::int64_t tokens = 0;      ///< about
};

/// Cuts texts into parts of up to `tokens` tokens, each of one source: behind lines, an empty one best, where
/// a line is no longer than that; else behind a word, else behind a character. Where they are cut follows
/// from the text near by, so that a change at one place leaves the other parts as they are; in the mean a
/// part has 0.6 of `tokens`. Blank parts are left out, nothing else is.
std::vector<TextPart> cut_parts(const Tokenizer& tokenizer, const std::vector<SourceText>& sources,
                                std::int64_t tokens);

struct PartAnswer {
  TextPart part;
  Answer answer;
};

struct SurveyOptions {
  Session::Options session;      ///< method and sizes of each part; `auto` is the model itself
  AskOptions ask;                ///< on_token is not called
  std::int64_t part_tokens = 0;  ///< 0: 1536, at most a quarter of the trained context
  int at_once = 16;              ///< parts that are worked on together, where there is memory for them
  /// Called where there is no memory for a part, from a thread of the survey's; true: some was freed, it is
  /// tried again.
  std::function<bool()> on_no_memory;
  /// Called in the order of the text, from the thread that called, as soon as a part and all before it are
  /// done; where it gives false, survey() throws Cancelled.
  std::function<bool(const PartAnswer&)> on_answer;
  ProgressCallback on_progress;  ///< tokens of parts that are done
};

/// Puts the question to every part of the texts by itself. All answers are decoded together, each being what
/// it is alone. What counts, lists or compares over a whole text needs this: no retrieval finds all places.
/// It costs a reading of everything by the whole model. Throws Cancelled, and what a part threw.
std::vector<PartAnswer> survey(const std::shared_ptr<const Engine>& engine,
                               const std::vector<SourceText>& sources, const std::string& question,
                               const SurveyOptions& options);

/// Once more over all answers of a survey, which are a text of their own, read by `options.session`'s method:
/// `on_token` as in AskOptions. Throws likewise.
Answer merge_answers(const std::shared_ptr<const Engine>& engine, const std::vector<SourceText>& sources,
                     const std::vector<PartAnswer>& answers, const std::string& question,
                     const SurveyOptions& options,
                     const std::function<bool(const GeneratedToken&)>& on_token = nullptr);

}  // namespace focusllm
