#pragma once

#include <filesystem>
#include <string>

namespace focusllm::test {

/// A folder that goes with this.
class Folder {
 public:
  Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder();
  std::filesystem::path path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace focusllm::test
