# cmake -D FOLDER=FOLDER -D OUTPUT=FILE -P write_page_files.cmake: writes the source that has the text files of FOLDER as
# raw string literals (src/server/page_files.h).
file(GLOB paths ${FOLDER}/*)
set(files "")
foreach(path ${paths})
  get_filename_component(name ${path} NAME)
  file(READ ${path} text)
  string(FIND "${text}" ")~~~~\"" end)
  if(NOT end EQUAL -1)
    message(FATAL_ERROR "${path}: has the end of a raw string literal in it")
  endif()
  string(APPEND files "    {\"${name}\", R\"~~~~(${text})~~~~\"},\n")
endforeach()
file(WRITE ${OUTPUT} "#include \"server/page_files.h\"

namespace focusllm::server {
namespace {

constexpr PageFile kFiles[] = {
${files}};

}  // namespace

std::span<const PageFile> page_files() {
  return kFiles;
}

}  // namespace focusllm::server
")
