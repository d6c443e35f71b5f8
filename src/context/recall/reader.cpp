#include "context/recall/reader.h"

namespace focusllm::context {

Reader::Reader(const Options& options, std::shared_ptr<const model::Model> the_model,
               std::span<const QueryHead> heads, attention::KvType keys)
    : Streaming(options, std::move(the_model), false),
      layers_read_(layers_of(heads)),
      keys_(heads, spec().heads, keys) {}

std::unique_ptr<Reader> Reader::asking(HeadQueries& queries) const {
  auto asking = std::make_unique<Reader>(*this);
  asking->queries_ = &queries;
  return asking;
}

void Reader::attend(const model::LaneRows& rows, std::vector<attention::Block>& blocks) {
  if (queries_ != nullptr) {
    queries_->take(rows);
  } else {
    keys_.take(rows);
  }
  if (!rows.keys_only) Streaming::attend(rows, blocks);
}

void Reader::save_rows(memory::Saver& saver) const {
  Streaming::save_rows(saver);
  keys_.save(saver);
}

void Reader::load_rows(memory::Loader& loader) {
  Streaming::load_rows(loader);
  keys_.load(loader);
}

}  // namespace focusllm::context
