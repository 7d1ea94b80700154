#include "cubeloom/resolve/instance_refs.h"

#include "gtest/gtest.h"

namespace cubeloom::resolve {
namespace {

TEST(HasInstanceReferenceTest, FindsReferencesAnywhereInAValueButNotEscapedOnes) {
  EXPECT_TRUE(HasInstanceReference(Value("a-${s.index}")));
  EXPECT_TRUE(
      HasInstanceReference(Value(Value::List{Value(1), Value(Value::Map{{"k", Value("${s.name}")}})})));
  EXPECT_FALSE(HasInstanceReference(Value("$${s.index} and $ {x}")));
  EXPECT_TRUE(HasInstanceReference(Value("$${s.index} ${s.index}")));
  EXPECT_FALSE(HasInstanceReference(Value(3)));
}

}  // namespace
}  // namespace cubeloom::resolve
