#include "data/sample_data.h"

#include <fstream>
#include <random>
#include <stdexcept>

#include <archive.h>
#include <archive_entry.h>

#include "tokenizer/byte_level_bpe.h"
#include "tokenizer/small_vocabulary.h"

namespace focusllm::data {
namespace {

constexpr const char* kChatml =
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + "
    "'<|im_end|>' + "
    "'\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

class Packer {
 public:
  explicit Packer(const std::string& compression) {
    if (!compression.empty()) archive_write_add_filter_by_name(archive_, compression.c_str());
    archive_write_set_bytes_in_last_block(archive_, 1);
  }
  archive* get() { return archive_; }
  void open() { archive_write_open(archive_, &bytes_, nullptr, write, nullptr); }
  void add(const Entry& member) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, member.name.c_str());
    archive_entry_set_size(entry, static_cast<la_int64_t>(member.bytes.size()));
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_write_header(archive_, entry);
    archive_write_data(archive_, member.bytes.data(), member.bytes.size());
    archive_entry_free(entry);
  }
  std::string finish() {
    archive_write_close(archive_);
    archive_write_free(archive_);
    return bytes_;
  }

 private:
  static la_ssize_t write(archive*, void* bytes, const void* data, std::size_t size) {
    static_cast<std::string*>(bytes)->append(static_cast<const char*>(data), size);
    return static_cast<la_ssize_t>(size);
  }

  archive* archive_ = archive_write_new();
  std::string bytes_;
};

}  // namespace

std::shared_ptr<const Tokenizer> byte_tokenizer() {
  return std::make_shared<ByteLevelBpe>(small_byte_level(kChatml, {"<|im_start|>", "<|im_end|>"}));
}

std::shared_ptr<const Tokenizer> plain_tokenizer() {
  return std::make_shared<ByteLevelBpe>(small_byte_level());
}

std::string prose(std::size_t bytes, unsigned seed) {
  constexpr std::string_view words[] = {"river", "stone",  "walked", "evening", "the",
                                        "a",     "slowly", "under",  "tree",    "and"};
  std::mt19937 random(seed);
  std::string text;
  while (text.size() < bytes)
    text += std::string(words[random() % std::size(words)]) + (random() % 9 == 0 ? ". " : " ");
  return text;
}

Documents documents(std::size_t count, std::size_t bytes, const Tokenizer& tokenizer) {
  Documents documents;
  for (std::size_t i = 0; i < count; ++i)
    documents.push_back(std::make_shared<Document>(Document{
        "document " + std::to_string(i), tokenizer.encode(prose(bytes + 97 * i, static_cast<unsigned>(i)))}));
  return documents;
}

SamplerOptions small_options() {
  SamplerOptions options;
  options.chunk_sizes = {300};
  options.chunks = {1, 12};
  options.local = {8, 200};
  options.labels = {1, 30};
  options.tail = {1, 60};
  options.pool = 24;
  options.run = 6;
  options.renewed = 2;
  options.batch = 5;
  options.positions = 200;
  return options;
}

Folder::Folder() {
  std::string name = (std::filesystem::temp_directory_path() / "focusllm-data-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
  path_ = name;
}

Folder::~Folder() {
  std::filesystem::remove_all(path_);
}

std::filesystem::path Folder::write(const std::string& name, const std::string& bytes) const {
  std::filesystem::create_directories((path_ / name).parent_path());
  std::ofstream(path_ / name, std::ios::binary) << bytes;
  return path_ / name;
}

std::string tar(const std::vector<Entry>& members, const std::string& compression) {
  Packer packer(compression);
  archive_write_set_format_pax_restricted(packer.get());
  packer.open();
  for (const Entry& member : members) packer.add(member);
  return packer.finish();
}

std::string compress(const std::string& bytes, const std::string& compression) {
  Packer packer(compression);
  archive_write_set_format_raw(packer.get());
  packer.open();
  packer.add({"data", bytes});
  return packer.finish();
}

}  // namespace focusllm::data
