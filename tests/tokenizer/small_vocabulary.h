#pragma once

#include <memory>
#include <string>
#include <vector>

#include "focusllm/tokenizer.h"

namespace focusllm {

/// All bytes, a few merges, <s> (256), </s> (257), both control, and the names in `control`.
std::shared_ptr<Vocabulary> small_byte_level(const std::string& chat_template = "",
                                             const std::vector<std::string>& control = {});
/// <unk>, <s>, </s>, byte tokens and a few words.
std::shared_ptr<Vocabulary> small_sentence_piece();

/// The model in models/ of that name, or null where it is missing.
std::shared_ptr<const Tokenizer> model_tokenizer(const std::string& name);

}  // namespace focusllm
