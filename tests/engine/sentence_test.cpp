// Where sentences end, for what is shown of a text.

#include "engine/sentence.h"

#include <gtest/gtest.h>

namespace focusllm::test {
namespace {

TEST(Sentence, EndsBehindItsMark) {
  for (const char* text : {"came home.", "home. ", "\"Home?\" ", "home!)", "home\u201d said. \u201d",
                           "\u5230\u5bb6\u4e86\u3002", "in 1860.", "and so on \u2026", "Bethlehem.", "x\n\n",
                           "word \n \n", "return 0;\n", "home.\r\n", "\n"})
    EXPECT_TRUE(ends_sentence(text)) << text;
}

TEST(Sentence, DoesNotEndInItsMiddle) {
  for (const char* text : {"", "came", "came home,", "Mr.", "with Mrs. ", "St. ", "J.", "3.5",
                           "a line of fixed\n", "width,\n", "\"", "\xa6", "word; "})
    EXPECT_FALSE(ends_sentence(text)) << text;
}

}  // namespace
}  // namespace focusllm::test
