#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "command.h"
#include "dump.h"
#include "progress_line.h"
#include "store_flags.h"
#include "stored_json.h"
#include "terminal.h"

namespace focusllm::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Flags {
  StoreFlags store;
  std::vector<std::string> names;
  bool json = false;
};

std::vector<StoredText> of_name(const std::vector<StoredText>& texts, const std::string& name) {
  std::vector<StoredText> found;
  for (const StoredText& text : texts)
    if (text.name == name) found.push_back(text);
  if (found.empty()) fail("no text \"{}\" in the store: focusllm store ls shows those that there are", name);
  return found;
}

/// The texts that were named; all if none were.
std::vector<StoredText> chosen(const Store& store, const Flags& flags) {
  std::vector<StoredText> texts = store.texts();
  if (flags.names.empty()) return texts;
  std::vector<StoredText> found;
  for (const std::string& name : flags.names)
    for (StoredText& text : of_name(texts, name)) found.push_back(std::move(text));
  return found;
}

std::string state_of(const StoredText& text) {
  return text.complete ? text.method : text.method + ", interrupted";
}

void list(const Flags& flags) {
  const auto store = flags.store.open();
  const std::vector<StoredText> texts = store->texts();
  if (flags.json) {
    Json json = {{"store", store->folder().string()}, {"bytes", store->bytes()}, {"texts", Json::array()}};
    for (const StoredText& text : texts) json["texts"].push_back(stored_json(text));
    return out(dump(json) + "\n");
  }
  if (texts.empty())
    return err_line(
        fmt::format("the store {} is empty: focusllm read keeps a text in it", store->folder().string()));
  std::size_t width = 4;
  for (const StoredText& text : texts) width = std::max(width, text.name.size());
  out(fmt::format("{:<{}} {:>12} {:>10}  {:<20}  {:<20}  {}\n", "NAME", width, "TOKENS", "BYTES", "METHOD",
                  "USED", "MODEL"));
  for (const StoredText& text : texts)
    out(fmt::format("{:<{}} {:>12} {:>10}  {:<20}  {:<20}  {}\n", text.name, width, grouped(text.tokens),
                    format_bytes(text.stored_bytes), state_of(text), format_time(text.used_at),
                    printable(text.model)));
  out(fmt::format("{} in {}\n", format_bytes(store->bytes()), store->folder().string()));
}

void show(const Flags& flags) {
  const auto store = flags.store.open();
  const std::vector<StoredText> texts = chosen(*store, flags);
  if (flags.json) {
    Json json = Json::array();
    for (const StoredText& text : texts) json.push_back(stored_json(text));
    return out(dump(json) + "\n");
  }
  for (const StoredText& text : texts) {
    out(fmt::format(
        "{}\n  model      {}\n  method     {}\n  settings   {}\n  tokens     {}\n  text       {}\n"
        "  in store   {}\n  read       {}\n  used       {}\n",
        text.name, printable(text.model), state_of(text), printable(text.settings), grouped(text.tokens),
        format_bytes(text.bytes), format_bytes(text.stored_bytes), format_time(text.read_at),
        format_time(text.used_at)));
    for (const StoredSource& source : text.sources)
      out(fmt::format("  file       {} ({}, from token {})\n", printable(source.name),
                      format_bytes(source.bytes), grouped(source.first_token)));
  }
}

void remove(const Flags& flags) {
  const auto store = flags.store.open();
  for (const std::string& name : flags.names)
    if (store->remove(name) == 0)
      fail("no text \"{}\" in the store: focusllm store ls shows those that there are", name);
}

void verify(const Flags& flags) {
  const auto store = flags.store.open();
  int damaged = 0;
  for (const StoredText& text : chosen(*store, flags)) {
    const auto what = store->damage(text);
    damaged += what ? 1 : 0;
    out(fmt::format("{} ({}): {}\n", text.name, state_of(text), what ? printable(*what) : "ok"));
  }
  if (damaged > 0)
    fail("{} of the texts cannot be used: remove them (focusllm store rm NAME) and read them again", damaged);
}

void collect(const Flags& flags) {
  const Store::Freed freed = flags.store.open()->collect();
  out(fmt::format("{} files removed, {}\n", freed.files, format_bytes(freed.bytes)));
}

void add(CLI::App& app, const std::string& name, const std::string& what, void (*run)(const Flags&),
         int least, int most) {
  const auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand(name, what);
  flags->store.add_to(*command);
  if (most > 0)
    command->add_option("NAMES", flags->names, "Names of texts")->expected(least, most)->required(least > 0);
  if (name == "ls" || name == "show") command->add_flag("--json", flags->json, "Print JSON");
  command->callback([flags, run] { run(*flags); });
}

}  // namespace

void add_store(CLI::App& app) {
  constexpr int kMany = 1 << 20;
  CLI::App* command =
      app.add_subcommand("store", "Texts that were read and kept: list, look at, remove, check");
  command->require_subcommand(1);
  add(*command, "ls", "List all texts", list, 0, 0);
  add(*command, "show", "All about texts", show, 1, kMany);
  add(*command, "rm", "Remove texts, for all models and methods", remove, 1, kMany);
  add(*command, "verify", "Read texts (all if none is named) and compare what is there with its hash", verify,
      0, kMany);
  add(*command, "gc", "Remove files that belong to no text", collect, 0, 0);
}

}  // namespace focusllm::cli
