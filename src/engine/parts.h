#pragma once

#include <memory>

#include "focusllm/engine.h"
#include "model/model.h"

namespace focusllm {

namespace context {
class Context;
struct Options;
}  // namespace context
class Budget;
class Scheduler;

/// What an engine is made of, for this folder.
struct EngineParts {
  static const std::shared_ptr<const model::Model>& model(const Engine& engine);
  static Scheduler& scheduler(const Engine& engine);
  static Budget& budget(const Engine& engine);
};

inline const model::Model& model_of(const Engine& engine) {
  return *EngineParts::model(engine);
}
inline const model::Spec& spec_of(const Engine& engine) {
  return model_of(engine).spec();
}

}  // namespace focusllm
