#pragma once

#include "eval/results.h"
#include "focusllm/session.h"

namespace focusllm::eval {

/// What a result has to say of where it comes from: the machine, its threads and kernels ("isa"), the commit
/// and version of this program, the model's file and the hash of its weights. Reads the model's weights once.
Results::Json run_description(const Engine& engine);

}  // namespace focusllm::eval
