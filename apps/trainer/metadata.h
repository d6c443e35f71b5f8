#pragma once

#include <string>
#include <utility>
#include <vector>

#include "data/corpus.h"
#include "trainer/metrics.h"
#include "trainer/train_options.h"

namespace focusllm::cli {

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// What an adapter says about its training (docs/adapters.md), as keys focusllm.train.* and values: the texts
/// by name, how many steps and samples, the last losses, the settings, the seed and the commit.
Pairs training_metadata(const TrainOptions& options, const data::Corpus& corpus, std::int64_t steps,
                        const std::vector<Metrics::Record>& records);
/// The same for people: without the keys' prefix.
Pairs training_facts(const TrainOptions& options, const data::Corpus& corpus, std::int64_t steps,
                     const std::vector<Metrics::Record>& records);

}  // namespace focusllm::cli
