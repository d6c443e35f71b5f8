#pragma once

#include <filesystem>
#include <memory>

#include "data/corpus.h"
#include "focusllm/tokenizer.h"
#include "trainer/train_options.h"

namespace focusllm::cli {

/// Prints the first samples of a run as text, with what is to be predicted marked.
void show_samples(const TrainOptions& options, const data::Corpus& corpus,
                  const std::shared_ptr<const Tokenizer>& tokenizer);

}  // namespace focusllm::cli
