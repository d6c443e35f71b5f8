#pragma once

#include <optional>
#include <string>
#include <vector>

#include "focusllm/cancel.h"
#include "focusllm/engine.h"
#include "focusllm/progress.h"

namespace focusllm {

/// How well something finds what is asked for in texts made for that: 0 to 1, the mean of
/// how often the right place is among the first 2, 8 and 32.
struct Gain {
  double facts = 0;        ///< with names and numbers that the question repeats
  double pairs = 0;        ///< of random keys and values
  double paraphrases = 0;  ///< that share no word with their question
  double mean() const { return (facts + pairs + paraphrases) / 3; }
};

/// What `recall` has to know of a model: the query heads that find places in a text.
struct Calibration {
  std::string heads;  ///< Settings::heads; empty: none of the model's heads is of use
  Gain gain;          ///< of these heads together
  struct Single {
    std::string head;
    Gain gain;
  };
  std::vector<Single> singles;  ///< each head by itself, the best first; where it was measured just now
};

/// What is known of the model by its weights: shipped with the library, or measured before on this machine
/// (in the folder focusllm/heads of XDG_CACHE_HOME, else of .cache in HOME).
std::optional<Calibration> known_calibration(const Engine& engine);

/// Measures it and keeps it: reads about 30,000 tokens through all layers. Throws Cancelled; the next call
/// goes on with the first of its four texts that was not done.
Calibration calibrate(const Engine& engine, const CancelToken& cancel, const ProgressCallback& progress = {});

}  // namespace focusllm
