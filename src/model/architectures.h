#pragma once

#include "model/spec.h"

namespace focusllm::model {

/// The specification of a file's model, read by the function that belongs to its general.architecture. The
/// only place that knows architectures by name. Throws Error as Spec::from does.
Spec read_spec(const gguf::File& file);

}  // namespace focusllm::model
