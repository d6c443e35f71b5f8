#include "eval/run_description.h"

#include "base/commit.h"
#include "base/cpu.h"

namespace focusllm::eval {

Results::Json run_description(const Engine& engine) {
  return {{"machine", cpu_model()},
          {"threads", engine.threads()},
          {"isa", engine.isa()},
          {"commit", built_commit()},
          {"version", FOCUSLLM_VERSION},
          {"products", product_type_name(engine.info().product_type)},
          {"model_file", engine.file().path().filename().string()},
          {"model_hash", engine.model_hash()}};
}

}  // namespace focusllm::eval
