#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "data/texts.h"
#include "focusllm/cancel.h"
#include "focusllm/progress.h"
#include "focusllm/tokenizer.h"

namespace focusllm::data {

/// Shorter documents are left out: there is nothing to learn from them about long texts.
inline constexpr std::int64_t kLeastDocument = 64;

struct Document {
  std::string name;
  std::vector<Token> tokens;  ///< without BOS
};
using Documents = std::vector<std::shared_ptr<const Document>>;

struct CorpusOptions {
  TextOptions text;
  double validation = 0.05;  ///< share of the documents, held back whole
};

/// All documents as token ids, in memory.
struct Corpus {
  Documents training;
  Documents validation;
  Skipped skipped;

  std::int64_t tokens() const;  ///< of both
};

/// Reads and tokenizes. Which documents are held back follows from their names alone: a document that is
/// there again is on the same side again. Of two documents or more at least one is on either side, unless the
/// share is 0. Throws Error if nothing is left to train on or memory runs out.
Corpus read_corpus(const std::vector<std::filesystem::path>& paths, const CorpusOptions& options,
                   const Tokenizer& tokenizer, const CancelToken& cancel,
                   const ProgressCallback& progress = {});

/// What decides on which side a document is: a number in [0, 1), spread evenly over names.
double place_of(const std::string& name);

}  // namespace focusllm::data
