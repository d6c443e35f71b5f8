#pragma once

#include "train/adapter_parameters.h"
#include "train/checkpoint.h"
#include "train/trainer.h"

namespace focusllm::train {

/// Throws UsageError for options that make no sense.
void check(const TrainerOptions& options);
/// Throws Error for a device that is not there, or does not do what is asked of it.
Backend make_backend(const TrainerOptions& options);
/// Everything in the options that changes what a step does; the device is left out.
Fingerprint fingerprint(const TrainerOptions& options, const std::string& weights_hash);
const char* supervision_name(Supervision supervision);

}  // namespace focusllm::train
