#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "base/mapped_file.h"
#include "gguf/part.h"

namespace focusllm::gguf {

/// A part's place among the files of a split model, from its metadata split.no and split.count.
struct SplitPlace {
  std::int64_t index = 0;  ///< from 0
  std::int64_t count = 1;
};

/// {0, 1} for a model in one file. Throws Error naming `file` if the keys contradict each other.
SplitPlace split_place(const Part& part, const std::string& file);

/// The path of part `index` (from 0), given the path of any: NAME-00001-of-00003.gguf. Throws Error when
/// `any` is not named like that, with this count.
std::filesystem::path split_path(const std::filesystem::path& any, SplitPlace place, std::int64_t index);

/// A model whose parts are all mapped.
struct Joined {
  std::vector<MappedFile> maps;
  Part whole;  ///< metadata of the first part without the split.* keys, tensors of all
};

/// Opens a model in one file, or all parts of a split model given any one of them.
Joined open_joined(const std::filesystem::path& path);

}  // namespace focusllm::gguf
