#pragma once

#include "memory/content_store.h"
#include "memory/segment.h"

namespace focusllm::memory {

/// Encoded segments by what they are the encoding of (positions restart in each), so that sessions, of one
/// model or of several, may share them. Those that are inserted have a key.
class SegmentStore : public ContentStore<SegmentKey, Segment> {
 public:
  using ContentStore::ContentStore;
};

}  // namespace focusllm::memory
