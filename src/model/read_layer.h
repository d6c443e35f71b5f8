#pragma once

#include "model/adapter.h"
#include "model/model.h"

namespace focusllm::model {

/// The tensors of layer `index` that its LayerSpec wants. `adapter`: the candidates' weights, or null. Throws
/// Error naming a tensor that is missing or has another shape.
Layer read_layer(NamedTensors& tensors, const AdapterTensors* adapter, const Spec& spec, int index,
                 const Arithmetic& arithmetic);

}  // namespace focusllm::model
