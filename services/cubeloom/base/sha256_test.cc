#include "cubeloom/base/sha256.h"

#include <string>

#include "gtest/gtest.h"

namespace cubeloom {
namespace {

TEST(Sha256Test, PublishedVectors) {  // FIPS 180-4 examples (NIST)
  struct Case {
    std::string text;
    const char* hex;
  };
  const Case kCases[] = {
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
      {std::string(1000000, 'a'), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
  };
  for (const Case& c : kCases) EXPECT_EQ(ToHex(Sha256Of(c.text)), c.hex) << c.text.substr(0, 60);
}

TEST(Sha256Test, PartsEqualTheWholeAndFinishStartsAfresh) {
  const std::string text = "the quick brown fox jumps over the lazy dog, again and again, until it is dark";
  Sha256 hash;
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    hash.Update(text.substr(0, cut));
    hash.Update(nullptr, 0);
    hash.Update(text.substr(cut));
    ASSERT_EQ(hash.Finish(), Sha256Of(text)) << cut;
  }
  EXPECT_EQ(hash.Finish(), Sha256Of(""));
}

Digest Inner(const Digest& a, const Digest& b) {
  return Sha256Of("\x01" + std::string(a.begin(), a.end()) + std::string(b.begin(), b.end()));
}

TEST(MerkleRootTest, FollowsItsDefinition) {
  const Digest a = Sha256Of("a"), b = Sha256Of("b"), c = Sha256Of("c"), d = Sha256Of("d"), e = Sha256Of("e");
  EXPECT_EQ(MerkleRoot({}), Sha256Of(""));
  EXPECT_EQ(MerkleRoot({a}), a);
  EXPECT_EQ(MerkleRoot({a, b}), Inner(a, b));
  EXPECT_EQ(MerkleRoot({a, b, c}), Inner(Inner(a, b), c));
  EXPECT_EQ(MerkleRoot({a, b, c, d}), Inner(Inner(a, b), Inner(c, d)));
  EXPECT_EQ(MerkleRoot({a, b, c, d, e}), Inner(Inner(Inner(a, b), Inner(c, d)), e));
}

TEST(MerkleRootTest, EveryLeafAndTheirOrderCount) {
  std::vector<Digest> leaves;
  for (int i = 0; i < 33; ++i) leaves.push_back(Sha256Of(std::to_string(i)));
  const Digest root = MerkleRoot(leaves);
  for (size_t i = 0; i < leaves.size(); ++i) {
    std::vector<Digest> other = leaves;
    other[i][31] ^= 1;
    EXPECT_NE(MerkleRoot(other), root) << i;
  }
  std::swap(leaves[3], leaves[4]);
  EXPECT_NE(MerkleRoot(leaves), root);
}

}  // namespace
}  // namespace cubeloom
