// Reads a text into a store, saved after every piece: a process to be killed.  store_writer STORE

#include <cstdio>
#include <exception>

#include "kept.h"

int main(int argc, char** argv) try {
  using namespace focusllm;
  if (argc != 2) return 2;
  const auto store = Store::open(argv[1]);
  const std::string text = test::words(9000, 4);
  read_into(*store, test::tiny().engine, "text", {{"text", text}}, test::read_options("recall", 0));
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
