#include <chrono>
#include <mutex>
#include <utility>

#include "base/error.h"
#include "base/memory.h"
#include "context/focus/tail_store.h"
#include "context/method.h"
#include "engine/adapter_search.h"
#include "engine/budget.h"
#include "engine/hash_cache.h"
#include "engine/options.h"
#include "engine/parts.h"
#include "engine/scheduler.h"
#include "engine/sentence.h"
#include "focusllm/calibration.h"
#include "focusllm/session.h"
#include "memory/segment_store.h"
#include "model/adapter.h"
#include "model/decoder.h"
#include "model/model.h"

namespace focusllm {

struct Engine::Impl {
  std::shared_ptr<const gguf::File> file, adapter;
  std::shared_ptr<const Tokenizer> tokenizer;
  std::shared_ptr<const model::Model> model;
  Budget budget;
  std::unique_ptr<Scheduler> scheduler;
  ProductType product_type = ProductType::automatic;
  double load_seconds = 0;
  std::once_flag hashed, adapter_hashed;
  std::string hash, adapter_hash;  ///< of the model's weights and the adapter's, once somebody asked
};

namespace {

constexpr std::string_view kSeparator = "\n...\n";  // of passages that are shown without what is between them

std::shared_ptr<const gguf::File> open_adapter(const gguf::File& base, const model::Spec& spec,
                                               const EngineOptions& options, std::string& base_hash) {
  if (options.adapter.empty()) return options.find_adapter ? find_adapter(base, spec, base_hash) : nullptr;
  auto file = gguf::File::open(options.adapter);
  model::check_adapter(*file, spec);  // before the whole model is read
  base_hash = known_weights_hash(base);
  model::check_base(*file, base, base_hash);
  return file;
}

/// Throws Error before anything is copied if that does not fit.
void prepare_weights(const model::Model& model) {
  const std::int64_t wanted = model.copied_bytes();
  const std::int64_t free = available_memory();
  if (wanted > free) {
    fail("the model's weights need {} of memory; {} are free: close other programs, or take a smaller model",
         format_bytes(wanted), format_bytes(free));
  }
  model.prepare();
}

}  // namespace

Engine::Engine() : impl_(std::make_unique<Impl>()) {}
Engine::~Engine() = default;

std::shared_ptr<const Engine> Engine::load(const std::filesystem::path& path, const EngineOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  const Arithmetic arithmetic{options.product_type,
                              options.isa.empty() ? default_isa() : isa_named(options.isa)};
  std::shared_ptr<Engine> engine(new Engine);
  engine->impl_->product_type = options.product_type;
  engine->impl_->file = gguf::File::open(path);
  model::Spec spec = model::Spec::from(*engine->impl_->file);
  engine->impl_->adapter = open_adapter(*engine->impl_->file, spec, options, engine->impl_->hash);
  engine->impl_->model = std::make_shared<model::Model>(engine->impl_->file, std::move(spec), arithmetic,
                                                        engine->impl_->adapter, engine->impl_->hash);
  engine->impl_->scheduler = std::make_unique<Scheduler>(engine->impl_->model, options.threads);
  if (options.prepare) engine->impl_->scheduler->call([&] { prepare_weights(*engine->impl_->model); });
  engine->impl_->tokenizer = Tokenizer::load(*engine->impl_->file);
  if (engine->tokenizer().size() > engine->impl_->model->spec().vocabulary) {
    fail("{}: tokenizer.ggml.tokens has {} entries; the model's embedding has {}", path.string(),
         engine->tokenizer().size(), engine->impl_->model->spec().vocabulary);
  }
  engine->impl_->load_seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return engine;
}

const gguf::File& Engine::file() const {
  return *impl_->file;
}
const Tokenizer& Engine::tokenizer() const {
  return *impl_->tokenizer;
}
ModelInfo Engine::info() const {
  const model::Spec& spec = impl_->model->spec();
  return {spec.architecture,
          spec.layers,
          spec.width,
          spec.vocabulary,
          spec.trained_context,
          impl_->model->layers().front().qkv.own.product_type(),
          impl_->model->has_adapter()};
}
void Engine::check_files() const {
  impl_->file->check_unchanged();
  if (impl_->adapter) impl_->adapter->check_unchanged();
}
std::filesystem::path Engine::adapter() const {
  return impl_->adapter ? impl_->adapter->path() : std::filesystem::path();
}
std::string Engine::adapter_hash() const {
  std::call_once(impl_->adapter_hashed, [this] {
    if (impl_->adapter) impl_->adapter_hash = model::weights_hash(*impl_->adapter);
  });
  return impl_->adapter_hash;
}
std::string Engine::model_hash() const {
  std::call_once(impl_->hashed, [this] {
    if (impl_->hash.empty()) impl_->hash = known_weights_hash(*impl_->file);
  });
  return impl_->hash;
}
ProductType Engine::product_type() const {
  return impl_->product_type;
}

std::string_view Engine::isa() const {
  return isa_name(impl_->model->isa());
}

int Engine::threads() const {
  return impl_->scheduler->threads();
}

const std::shared_ptr<const model::Model>& EngineParts::model(const Engine& engine) {
  return engine.impl_->model;
}

Scheduler& EngineParts::scheduler(const Engine& engine) {
  return *engine.impl_->scheduler;
}

Budget& EngineParts::budget(const Engine& engine) {
  return engine.impl_->budget;
}

ModelMemory Engine::memory() const {
  ModelMemory memory;
  for (const gguf::Tensor& tensor : file().tensors())
    memory.file += static_cast<std::int64_t>(tensor.data.size());
  memory.weights = impl_->model->copied_bytes();
  memory.pass = model::Decoder::scratch_bytes(impl_->model->spec(), model::kPassRows);
  return memory;
}

double Engine::load_seconds() const {
  return impl_->load_seconds;
}

std::string Engine::name() const {
  const auto name = file().string("general.name");
  return name ? std::string(*name) : file().path().filename().string();
}

std::unique_ptr<context::Context> make_context(const Engine& engine, const context::Options& options) {
  context::Options complete = options;
  if (engine.tokenizer().adds_bos()) complete.bos = engine.tokenizer().bos();
  complete.separator = engine.tokenizer().encode_continued(kSeparator);
  complete.ends_sentence = [&tokenizer = engine.tokenizer()](std::span<const Token> tokens) {
    return ends_sentence(tokenizer.decode(tokens));
  };
  return context::make(complete, EngineParts::model(engine));
}

std::shared_ptr<memory::SegmentStore> make_chunk_store(std::int64_t most_bytes) {
  return std::make_shared<memory::SegmentStore>(most_bytes);
}

std::shared_ptr<context::TailStore> make_tail_store(std::int64_t most_bytes) {
  return std::make_shared<context::TailStore>(most_bytes);
}

ContextOptions with_defaults(const Engine& engine, const ContextOptions& given) {
  ContextOptions options = given;
  if (method_info(options.method).calibrates && options.heads.empty()) {
    if (const auto known = known_calibration(engine)) options.heads = known->heads;
  }
  ContextOptions filled = options;
  static_cast<Settings&>(filled) =
      context::with_defaults(resolve(options, attention::KvType::bf16), spec_of(engine));
  return filled;
}

namespace {

/// What a method, chosen for so many tokens, says of them.
std::int64_t bytes_of(std::int64_t (*count)(const context::Options&, const model::Spec&, std::int64_t),
                      const Engine& engine, const ContextOptions& options, std::int64_t tokens) {
  ContextOptions resolved = options;
  if (resolved.method == "auto") resolved.method = automatic_method(engine, tokens);
  const auto type = options.kv_type.value_or(attention::KvType::bf16);
  return count(resolve(with_defaults(engine, resolved), type, answer_room(engine, 0)), spec_of(engine),
               tokens);
}

}  // namespace

std::int64_t context_bytes(const Engine& engine, const ContextOptions& options, std::int64_t tokens) {
  return bytes_of(context::bytes_needed, engine, options, tokens);
}

std::int64_t saved_bytes(const Engine& engine, const ContextOptions& options, std::int64_t tokens) {
  return bytes_of(context::bytes_saved, engine, options, tokens);
}

}  // namespace focusllm
