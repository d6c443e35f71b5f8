#include "memory/segment_file.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "base/hash.h"
#include "base/mapped_file.h"
#include "base/output_file.h"

namespace focusllm::memory {
namespace {

static_assert(std::endian::native == std::endian::little, "files are mapped as they are");

struct Header {
  char magic[8];
  std::uint32_t format, encoder, kv_type;
  std::uint32_t heads, kv_heads, dim, layers;
  std::uint32_t weights, spec, products;  ///< bytes
  std::uint64_t tokens;
  char isa[16];
  char hash[32];
  char zero[24];
};
static_assert(sizeof(Header) == 128 && offsetof(Header, hash) == 72);

constexpr char kMagic[] = "focusseg";
constexpr std::uint32_t kFormat = 1;
constexpr std::array kTypes{KvType::f32, KvType::bf16, KvType::int8};
constexpr std::array kIsas{Isa::scalar, Isa::avx2, Isa::avx512, Isa::avx512_vnni, Isa::avx512_bf16, Isa::amx};

constexpr std::uint32_t kMostHeads = 1 << 16, kMostLayers = 1 << 16, kMostText = 1 << 20;
constexpr std::uint64_t kMostTokens = std::uint64_t{1} << 31;

/// Where the parts of a file begin; its sizes were checked one by one.
struct Places {
  explicit Places(const Header& header)
      : layout(
            {static_cast<int>(header.heads), static_cast<int>(header.kv_heads), static_cast<int>(header.dim)},
            kTypes[header.kv_type], static_cast<std::int64_t>(header.tokens)),
        layers(static_cast<int>(header.layers)),
        tokens(
            KvLayout::aligned(std::int64_t{sizeof(Header)} + header.weights + header.spec + header.products)),
        data(KvLayout::aligned(tokens + 4 * static_cast<std::int64_t>(header.tokens))) {}
  KvLayout layout;
  int layers;
  std::int64_t tokens, data;
};

std::string hash_of(std::span<const std::byte> begin, std::span<const std::byte> data) {
  constexpr std::size_t kFrom = offsetof(Header, hash), kTo = kFrom + sizeof(Header::hash);
  return content_hash(std::array{begin.first(kFrom), begin.subspan(kTo), data});
}

void put(std::vector<std::byte>& file, std::int64_t place, std::span<const std::byte> what) {
  std::ranges::copy(what, file.begin() + place);
}

Header header_of(const Segment& segment) {
  const EncoderIdentity& encoder = segment.key()->encoder;
  Header header{};
  std::memcpy(header.magic, kMagic, sizeof(header.magic));
  header.format = kFormat;
  header.encoder = static_cast<std::uint32_t>(encoder.version);
  header.kv_type = static_cast<std::uint32_t>(std::ranges::find(kTypes, segment.type()) - kTypes.begin());
  header.heads = static_cast<std::uint32_t>(segment.shape().heads);
  header.kv_heads = static_cast<std::uint32_t>(segment.shape().kv_heads);
  header.dim = static_cast<std::uint32_t>(segment.shape().dim);
  header.layers = static_cast<std::uint32_t>(segment.layers());
  header.weights = static_cast<std::uint32_t>(encoder.weights.size());
  header.spec = static_cast<std::uint32_t>(encoder.spec.size());
  header.products = static_cast<std::uint32_t>(encoder.products.size());
  header.tokens = segment.key()->tokens.size();
  isa_name(segment.isa()).copy(header.isa, sizeof(header.isa));
  return header;
}

/// What stands in front of keys and values.
std::vector<std::byte> beginning_of(const Segment& segment) {
  const SegmentKey& key = *segment.key();
  Header header = header_of(segment);
  const Places places(header);
  std::vector<std::byte> file(static_cast<std::size_t>(places.data));
  std::int64_t place = sizeof(Header);
  for (const std::string* text : {&key.encoder.weights, &key.encoder.spec, &key.encoder.products}) {
    put(file, place, std::as_bytes(std::span(*text)));
    place += std::ssize(*text);
  }
  put(file, places.tokens, std::as_bytes(std::span(key.tokens)));
  put(file, 0, std::as_bytes(std::span(&header, 1)));
  hash_of(file, segment.data()).copy(header.hash, sizeof(header.hash));
  put(file, 0, std::as_bytes(std::span(&header, 1)));
  return file;
}

/// Reads a file's parts one after the other; what is wrong is an error that names it.
class Reader {
 public:
  Reader(std::span<const std::byte> file, const std::string& name) : file_(file), name_(name) {
    if (file.size() < sizeof(Header)) reject("it has {} bytes, fewer than a header", file.size());
    std::memcpy(&header_, file.data(), sizeof(Header));
  }

  std::shared_ptr<const Segment> read(const std::shared_ptr<const void>& owner) const {
    check_header();
    const Places places(header_);
    check_size(places);
    if (hash_of(file_.first(sizeof(Header)), file_.subspan(sizeof(Header))) !=
        std::string_view(header_.hash, sizeof(header_.hash)))
      reject("its content does not have the hash that it names: it was damaged or changed");
    const std::shared_ptr<const std::byte> data(owner, file_.data() + places.data);
    return Segment::encoded(places.layout.shape(), places.layers, key(places), isa(), data);
  }

 private:
  template <typename... Args>
  [[noreturn]] void reject(fmt::format_string<Args...> what, Args&&... args) const {
    fail("{}: cannot be read as a segment: {}", name_, fmt::format(what, std::forward<Args>(args)...));
  }
  void check_number(const char* what, std::uint64_t number, std::uint64_t least, std::uint64_t most) const {
    if (number < least || number > most) reject("{} {}: {} to {} can be", number, what, least, most);
  }

  void check_header() const {
    if (std::memcmp(header_.magic, kMagic, sizeof(header_.magic)) != 0)
      reject("it begins with something else");
    if (header_.format != kFormat)
      reject("it has version {} of the format; this program reads {}", header_.format, kFormat);
    check_number("as its number type", header_.kv_type, 0, kTypes.size() - 1);
    check_number("key/value heads", header_.kv_heads, 1, kMostHeads);
    check_number("query heads", header_.heads, header_.kv_heads, kMostHeads);
    check_number("elements in a head", header_.dim, 1, attention::kMostDim);
    check_number("layers", header_.layers, 1, kMostLayers);
    check_number("tokens", header_.tokens, 1, kMostTokens);
    for (const std::uint32_t text : {header_.weights, header_.spec, header_.products})
      check_number("bytes of text", text, 0, kMostText);
    if (header_.heads % header_.kv_heads != 0 || header_.dim % 16 != 0)
      reject("{} query heads of {} elements over {} key/value heads are no shape of attention", header_.heads,
             header_.dim, header_.kv_heads);
  }
  /// Sizes of a side are far from overflow, those of all layers may not be.
  void check_size(const Places& places) const {
    const std::int64_t size = std::ssize(file_);
    const bool fits = places.layout.side_bytes() <= size / (2 * places.layers);
    if (fits && places.data + places.layout.bytes(places.layers) == size) return;
    reject("it has {} bytes, but not as many as its header says: it was cut off or changed", size);
  }

  SegmentKey key(const Places& places) const {
    const auto* texts = reinterpret_cast<const char*>(file_.data() + sizeof(Header));
    const std::string all(texts, std::size_t{header_.weights} + header_.spec + header_.products);
    SegmentKey key;
    key.encoder = {.weights = all.substr(0, header_.weights),
                   .spec = all.substr(header_.weights, header_.spec),
                   .products = all.substr(std::size_t{header_.weights} + header_.spec),
                   .kv_type = places.layout.type(),
                   .version = static_cast<int>(header_.encoder)};
    key.tokens.resize(static_cast<std::size_t>(header_.tokens));
    std::memcpy(key.tokens.data(), file_.data() + places.tokens, 4 * key.tokens.size());
    return key;
  }
  Isa isa() const {
    const std::string_view field(header_.isa, sizeof(header_.isa));
    const std::string_view name = field.substr(0, field.find('\0'));
    const auto found = std::ranges::find(kIsas, name, isa_name);
    if (found == kIsas.end()) reject("it names an instruction set that is not known here");
    return *found;
  }

  std::span<const std::byte> file_;
  const std::string& name_;
  Header header_{};
};

}  // namespace

void write_segment(const std::filesystem::path& path, const Segment& segment) {
  if (segment.key()->encoder.weights.empty())
    fail("{}: a segment is kept in a file by the hash of its model's weights, which nobody has computed",
         path.string());
  OutputFile file(path);
  file.write(beginning_of(segment));
  file.write(segment.data());
  file.commit();
}

std::shared_ptr<const Segment> open_segment(const std::filesystem::path& path) {
  const auto file = std::make_shared<const MappedFile>(path);
  return parse_segment(file->bytes(), file, path.string());
}

std::shared_ptr<const Segment> parse_segment(std::span<const std::byte> file,
                                             const std::shared_ptr<const void>& owner,
                                             const std::string& name) {
  return Reader(file, name).read(owner);
}

}  // namespace focusllm::memory
