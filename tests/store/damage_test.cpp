// A store whose files were damaged, or whose writer was killed: an error, or the right text; never another.

#include <fstream>
#include <optional>
#include <random>

#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"
#include "kept.h"

namespace focusllm::test {
namespace {

namespace fs = std::filesystem;

std::string bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

std::string hash_of(const SavedSession& saved) {
  std::string all = saved.encoder + saved.method + saved.settings;
  for (const SavedPiece& piece : saved.pieces) all += content_hash(piece.parts);
  return all;
}

const std::string kSource = "In the beginning was the word.";

/// What the store gives for each name; nothing where it says that something is wrong.
std::optional<std::string> content(const fs::path& folder, const std::string& encoder, const char* name) {
  try {
    const auto store = Store::open(folder);
    const auto text = store->find(name, encoder, "auto");
    if (!text || !text->complete || text->name != name) return std::nullopt;
    for (std::size_t i = 0; i < text->sources.size(); ++i)
      if (store->source(*text, i) != kSource) return "another source";
    return hash_of(store->get(*text));
  } catch (const Error&) {
    return std::nullopt;
  }
}

TEST(Damage, IsFoundWhereverABitFlips) {
  const Folder folder;
  const SavedSession a = saved_session("recall", 300, 1), b = saved_session("full", 300, 2);
  {
    const auto store = Store::open(folder.path());
    StoredText text = named("a");
    text.sources.push_back({"a.txt", std::ssize(kSource)});
    store->put(text, a, std::vector<std::string_view>{kSource});
    store->put(named("b"), b, {});
  }
  int found = 0, flips = 0;
  for (const fs::path& file : files_in(folder.path())) {
    const std::string whole = bytes_of(file);
    const std::size_t step = std::max<std::size_t>(1, whole.size() / 150);
    for (std::size_t place = 0; place < whole.size(); place += step, ++flips) {
      std::string other = whole;
      other[place] = static_cast<char>(other[place] ^ (1 << place % 8));
      write(file, other);
      const auto got_a = content(folder.path(), a.encoder, "a");
      const auto got_b = content(folder.path(), a.encoder, "b");
      EXPECT_TRUE(!got_a || *got_a == hash_of(a)) << file << " " << place;
      EXPECT_TRUE(!got_b || *got_b == hash_of(b)) << file << " " << place;
      found += got_a && got_b ? 0 : 1;
      write(file, whole);
    }
  }
  EXPECT_GT(found, flips / 3);
  EXPECT_EQ(content(folder.path(), a.encoder, "a"), hash_of(a));
  EXPECT_EQ(content(folder.path(), a.encoder, "b"), hash_of(b));
}

TEST(Damage, IsReadAnew) {
  const Folder folder;
  const auto store = Store::open(folder.path());
  const std::string text = words(1500, 1);
  const auto read = [&] {
    return read_into(*store, tiny().engine, "a", {{"a", text}}, read_options("recall"));
  };
  StoredText kept = read();
  const auto files = files_in(folder.path() / "pieces");
  ASSERT_EQ(files.size(), 2U);  // what the session saved, and the text itself
  for (const fs::path& piece : files) {
    std::string bytes = bytes_of(piece);
    bytes[bytes.size() / 2] = static_cast<char>(~bytes[bytes.size() / 2]);
    write(piece, bytes);
    EXPECT_TRUE(store->damage(kept));
    kept = read();
    EXPECT_FALSE(store->damage(kept)) << piece;
  }
}

TEST(Damage, NoneByAFullDisk) {
  const Folder folder;
  const SavedSession a = saved_session("recall", 300, 1), b = saved_session("full", 900, 2);
  const auto store = Store::open(folder.path());
  store->put(named("a"), a, {});
  // No file may grow beyond that: writing fails as on a full disk.
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  for (const rlim_t bytes : {rlim_t{0}, rlim_t{4096}, rlim_t{64 << 10}}) {
    const rlimit small{bytes, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    EXPECT_THROW(store->put(named("b"), b, {}), Error) << bytes;
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    EXPECT_EQ(content(folder.path(), a.encoder, "a"), hash_of(a));
    EXPECT_EQ(content(folder.path(), a.encoder, "b"), std::nullopt);
    EXPECT_EQ(files_in(folder.path() / "pieces").size(), 1U);
  }
  store->put(named("b"), b, {});
  EXPECT_EQ(content(folder.path(), a.encoder, "b"), hash_of(b));
}

/// Reads the texts in another process, which is killed after some time; true if it was done before.
bool read_for(std::chrono::microseconds time, const fs::path& folder) {
  const std::string program = (fs::read_symlink("/proc/self/exe").parent_path() / "store_writer").string();
  std::string store = folder.string();
  char* arguments[] = {const_cast<char*>(program.c_str()), store.data(), nullptr};
  ::pid_t writer = 0;
  EXPECT_EQ(::posix_spawn(&writer, program.c_str(), nullptr, nullptr, arguments, environ), 0);
  ::usleep(static_cast<unsigned>(time.count()));
  ::kill(writer, SIGKILL);
  int status = 0;
  ::waitpid(writer, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(Damage, NoneByAKillAtAnyTime) {
  const char* many = std::getenv("FOCUSLLM_KILLS");
  const int kills = many != nullptr ? std::atoi(many) : 30;
  const std::string text = words(9000, 4), other = words(400, 5);
  const auto want = [&](const std::string& whole) {
    Session session(tiny().engine, read_options("recall").session);
    session.read(whole);
    session.end_text();
    return answers(std::move(session));
  };
  const auto want_text = want(text), want_other = want(other);
  std::mt19937 random(1);
  int done = 0;
  for (int kill = 0; kill < kills; ++kill) {
    const Folder folder;
    {
      const auto store = Store::open(folder.path());
      read_into(*store, tiny().engine, "other", {{"other", other}}, read_options("recall"));
    }
    // As tests/store/writer.cpp does it: killed, and begun again.
    for (int run = 0; run < 2; ++run)
      done += read_for(std::chrono::microseconds(random() % 600'000), folder.path()) ? 1 : 0;
    const auto store = Store::open(folder.path());
    for (const StoredText& one : store->texts()) EXPECT_FALSE(store->damage(one)) << one.name;
    read_into(*store, tiny().engine, "text", {{"text", text}}, read_options("recall"));
    const auto ask = [&](const char* name) {
      return answers(open_texts(*store, tiny().engine, {name}, read_options("recall").session).session);
    };
    EXPECT_EQ(ask("other"), want_other);
    EXPECT_EQ(ask("text"), want_text);
    store->collect();
    for (const StoredText& one : store->texts()) EXPECT_FALSE(store->damage(one)) << one.name;
  }
  EXPECT_LT(done, 2 * kills);
}

}  // namespace
}  // namespace focusllm::test
