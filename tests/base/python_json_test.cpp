#include "base/python_json.h"

#include <string>

#include <gtest/gtest.h>

namespace focusllm {
namespace {

TEST(PythonJson, HalvesOfPairsBecomeTheReplacementCharacter) {
  for (const std::string half : {"\\ud83d", "\\uD83D", "\\udc00", "\\udfff"})
    EXPECT_EQ(without_python_json("[\"a" + half + "b\"]"), "[\"a\\ufffdb\"]") << half;
  EXPECT_EQ(without_python_json(R"("\ude00\ud83d")"), R"("\ufffd\ufffd")") << "the wrong way round";
  EXPECT_EQ(without_python_json(R"("\ud83d\ud83d\ude00")"), R"("\ufffd\ud83d\ude00")");
  EXPECT_EQ(without_python_json(R"("\ud83d\\ude00")"), R"("\ufffd\\ude00")") << "no escape";
}

TEST(PythonJson, NumbersThatAreNoneBecomeNull) {
  EXPECT_EQ(without_python_json(R"({"a": NaN, "b": [-Infinity,Infinity]})"),
            R"({"a": null, "b": [null,null]})");
}

TEST(PythonJson, AllElseStays) {
  for (const std::string text :
       {R"({"NaN": "-Infinity \" NaN", "a\\": 1})", R"("\ud83d\ude00 \u0041 \uXYZ")", R"("\\ud83d")",
        R"("\ud8)", R"("\)", R"(\ud83d)", R"(["unended)", "", "\"\xff\xed\xa0\xbd\"", "-Inf", "nan"})
    EXPECT_EQ(without_python_json(text), text);
}

}  // namespace
}  // namespace focusllm
