#pragma once

namespace focusllm::context {

struct Method;
extern const Method kRecall;

}  // namespace focusllm::context
