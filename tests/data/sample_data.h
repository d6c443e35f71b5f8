#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "data/corpus.h"
#include "data/sampler_options.h"
#include "focusllm/tokenizer.h"

namespace focusllm::data {

/// One token a byte, BOS in front, and a chatml template.
std::shared_ptr<const Tokenizer> byte_tokenizer();
/// The same as a base model has it: no template.
std::shared_ptr<const Tokenizer> plain_tokenizer();

/// Sentences of words that come from the seed.
std::string prose(std::size_t bytes, unsigned seed);
/// `count` documents of about `bytes` tokens.
Documents documents(std::size_t count, std::size_t bytes, const Tokenizer& tokenizer);
/// Sizes for one token a byte: small samples of a small pool.
SamplerOptions small_options();

/// A folder that lives as long as this.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path write(const std::string& name, const std::string& bytes) const;

 private:
  std::filesystem::path path_;
};

/// Members of an archive, packed with libarchive; compression as in "xz", or none.
struct Entry {
  std::string name, bytes;
};
std::string tar(const std::vector<Entry>& members, const std::string& compression = "");
std::string compress(const std::string& bytes, const std::string& compression);

}  // namespace focusllm::data
