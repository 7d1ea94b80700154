#include "cubeloom/base/value.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"

namespace cubeloom {
namespace {

using ::testing::HasSubstr;

TEST(ValueTest, TypeNames) {
  const struct {
    Value value;
    const char* name;
  } kCases[] = {{Value(), "null"}, {true, "bool"},           {7, "integer"},       {7.5, "real"},
                {"x", "string"},   {Value::List{1}, "list"}, {Value::Map{}, "map"}};
  for (const auto& c : kCases) EXPECT_STREQ(c.value.type_name(), c.name);
}

TEST(ValueTest, CheckedAccessConvertsNumbersOnly) {
  EXPECT_EQ(*Value(3.0).AsInt(), 3);
  EXPECT_EQ(*Value(-9007199254740991.0).AsInt(), -9007199254740991);
  EXPECT_EQ(*Value(3).AsReal(), 3.0);
  EXPECT_EQ(*Value("a").AsString(), "a");
  EXPECT_EQ(*Value(false).AsBool(), false);
  const struct {
    absl::Status status;
    const char* says;
  } kErrors[] = {
      {Value(3.5).AsInt().status(), "expected an integer, got real 3.5"},
      {Value(9007199254740992.0).AsInt().status(), "got real"},
      {Value(std::nan("")).AsInt().status(), "got real null"},
      {Value(std::numeric_limits<double>::infinity()).AsInt().status(), "got real"},
      {Value("3").AsInt().status(), "got string \"3\""},
      {Value(true).AsReal().status(), "expected a number, got bool true"},
      {Value(1).AsBool().status(), "expected a bool, got integer 1"},
      {Value(Value::List{1, 2}).AsString().status(), "expected a string, got list [1,2]"},
      {Value(std::string(1000, 'x')).AsInt().status(), "xxx..."},
  };
  for (const auto& c : kErrors) {
    EXPECT_EQ(c.status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(c.status.message()), HasSubstr(c.says));
    EXPECT_LT(c.status.message().size(), 120u);
  }
}

TEST(ValueTest, MapsKeepInsertionOrder) {
  Value v;
  v.Set("z", 1);
  v.Set("a", 2);
  v.Set("z", 3);
  EXPECT_EQ(v.ToJson(), R"({"z":3,"a":2})");
  ASSERT_NE(v.Find("a"), nullptr);
  EXPECT_EQ(v.Find("a")->integer(), 2);
  EXPECT_EQ(v.Find("b"), nullptr);
  EXPECT_EQ(Value(1).Find("a"), nullptr);
}

TEST(ValueTest, PrintsShortestRealsThatStayReals) {
  const struct {
    double value;
    const char* text;
  } kCases[] = {{1.0, "1.0"},
                {0.1, "0.1"},
                {-0.0, "-0.0"},
                {1e22, "1e+22"},
                {5e-324, "5e-324"},
                {1.7976931348623157e308, "1.7976931348623157e+308"},
                {100000.0, "100000.0"},
                {1e15, "1000000000000000.0"},
                {1e16, "1e+16"},
                {0.00025, "0.00025"},
                {2.5e-5, "2.5e-05"},
                {9007199254740993.0, "9007199254740992.0"},
                {1.0 / 3, "0.3333333333333333"},
                {std::nan(""), "null"},
                {-std::numeric_limits<double>::infinity(), "null"}};
  for (const auto& c : kCases) {
    EXPECT_EQ(Value(c.value).ToJson(), c.text);
    if (!std::isfinite(c.value)) continue;
    const Value back = Value::FromJson(c.text).value();
    ASSERT_TRUE(back.is_real()) << c.text;
    EXPECT_EQ(back.real(), c.value);
    EXPECT_EQ(std::signbit(back.real()), std::signbit(c.value));
  }
}

TEST(ValueTest, EscapesStrings) {
  const struct {
    std::string value, text;
  } kCases[] = {
      {"plain", R"("plain")"},
      {"a\"b\\c/", R"("a\"b\\c/")"},
      {std::string("\n\t\r\b\f\x01\x1f\0", 8), R"("\n\t\r\b\f\u0001\u001f\u0000")"},
      {"\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x94\xAD", "\"\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x94\xAD\""},
      // Latin-1, cut, overlong, surrogate, too large: each bad byte becomes U+FFFD.
      {"\xE9", "\"\xEF\xBF\xBD\""},
      {"\xE2\x82", "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
      {"\xC0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
      {"\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
      {"\xF4\x90\x80\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(Value(c.value).ToJson(), c.text);
    EXPECT_TRUE(Value::FromJson(c.text).ok()) << c.text;
  }
}

TEST(ValueTest, IndentBreaksLines) {
  const Value v(Value::Map{{"a", Value::List{1, Value::Map{}}}, {"b", Value::List{}}});
  EXPECT_EQ(v.ToJson(2), "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}");
  EXPECT_EQ(v.ToJson(), R"({"a":[1,{}],"b":[]})");
}

TEST(ValueTest, JsonRoundTrip) {
  const char* kTexts[] = {"null",
                          "true",
                          "-9223372036854775808",
                          "9223372036854775807",
                          "[[],{},\"\"]",
                          R"({"x":{"y":[1,2.5,{"z":null}]},"é":"ü"})"};
  for (const char* text : kTexts) {
    const absl::StatusOr<Value> value = Value::FromJson(text);
    ASSERT_TRUE(value.ok()) << text << ": " << value.status();
    EXPECT_EQ(value->ToJson(), text);
    EXPECT_EQ(*Value::FromJson(value->ToJson(3)), *value);
  }
}

TEST(ValueTest, IntegersBeyond64BitsAreRealsOnlyWhenExact) {
  EXPECT_EQ(Value::FromJson("9223372036854775808")->real(), 9223372036854775808.0);
  EXPECT_EQ(Value::FromJson("1267650600228229401496703205376")->real(), std::ldexp(1.0, 100));
  EXPECT_EQ(Value::FromJson("-18446744073709551616")->real(), -18446744073709551616.0);
  for (const char* text : {"9223372036854775809", "18446744073709551615", "-9223372036854775809",
                           "1267650600228229401496703205377"}) {
    const absl::Status status = Value::FromJson(text).status();
    EXPECT_THAT(std::string(status.message()), HasSubstr(text));
  }
}

TEST(ValueTest, BadJsonNamesTheByte) {
  const struct {
    std::string text, says;
  } kCases[] = {
      {"", "byte 1"},
      {"  ", "byte 3"},
      {"{\"a\":1,}", "byte 8"},
      {"[1,2", "byte 5"},
      {"[1] x", "byte 5"},
      {"{'a':1}", "byte 2"},
      {"nul", "byte 4"},
      {"01", "byte 2"},
      {"1e999", "number"},
      {"NaN", "byte 1"},
      {"/*c*/1", "byte 1"},
      {"\"\xff\"", "UTF-8"},
      {"\"\x01\"", "control"},
      {std::string("1\0", 2), "byte 2"},
      {R"({"k":1,"other":2,"k":3})", "byte 20: duplicate key \"k\""},
      {R"([{"k":1,"k":3}])", "duplicate key \"k\""},
  };
  for (const auto& c : kCases) {
    const absl::StatusOr<Value> value = Value::FromJson(c.text);
    ASSERT_FALSE(value.ok()) << c.text;
    EXPECT_EQ(value.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(value.status().message()), HasSubstr(c.says)) << c.text;
  }
}

TEST(ValueTest, DepthIsBounded) {
  const auto nested = [](int depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(Value::FromJson(nested(64)).ok());
  EXPECT_THAT(std::string(Value::FromJson(nested(65)).status().message()),
              HasSubstr("byte 65: nested deeper than 64"));
  EXPECT_TRUE(Value::FromJson("1", 0).ok());
  EXPECT_FALSE(Value::FromJson("{}", 0).ok());
  // Far too deep costs no stack.
  EXPECT_FALSE(Value::FromJson(std::string(1 << 20, '[')).ok());
}

TEST(ValueTest, ManyKeysAreCheckedInTime) {
  std::string text = "{";
  for (int i = 0; i < 200000; ++i) absl::StrAppend(&text, "\"key", i, "\":", i, ",");
  EXPECT_TRUE(Value::FromJson(text + "\"last\":0}").ok());
  EXPECT_THAT(std::string(Value::FromJson(text + "\"key77\":0}").status().message()),
              HasSubstr("duplicate key \"key77\""));
}

}  // namespace
}  // namespace cubeloom
