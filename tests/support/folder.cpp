#include "support/folder.h"

#include <cstdlib>

#include "base/error.h"

namespace focusllm::test {

Folder::Folder() : path_((std::filesystem::temp_directory_path() / "focusllm-XXXXXX").string()) {
  if (mkdtemp(path_.data()) == nullptr) fail("no folder for a test: {}", path_);
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace focusllm::test
