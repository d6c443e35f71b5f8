#pragma once

#include <algorithm>
#include <regex>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace focusllm::test {

/// Every tag that is opened is closed, in order; attributes are quoted; & begins one of four entities.
inline void expect_well_formed(const std::string& page) {
  std::vector<std::string> open;
  for (std::size_t at = page.find('<', 1); at != std::string::npos;) {
    const std::size_t end = page.find('>', at), next = page.find('<', at + 1);
    ASSERT_TRUE(end != std::string::npos && end < next) << page.substr(at, 80);
    const std::string tag = page.substr(at + 1, end - at - 1);
    ASSERT_EQ(std::count(tag.begin(), tag.end(), '"') % 2, 0) << tag;
    const std::string name = tag.substr(0, tag.find_first_of(" /\n", 1));
    if (tag.starts_with('/')) {
      ASSERT_FALSE(open.empty()) << tag;
      ASSERT_EQ("/" + open.back(), tag);
      open.pop_back();
    } else if (!tag.ends_with('/')) {
      open.push_back(name);
    }
    at = next;
  }
  EXPECT_THAT(open, testing::IsEmpty());
  EXPECT_FALSE(std::regex_search(page, std::regex("&(?!amp;|lt;|gt;|quot;)")));
}

}  // namespace focusllm::test
