// The low-level functions are deprecated in OpenSSL 3 but remain the only ones without an allocation and
// an algorithm look-up per hash (about four times the cost of hashing 64 bytes).
#define OPENSSL_SUPPRESS_DEPRECATED

#include "cubeloom/base/sha256.h"

#include <openssl/sha.h>

#include <new>

namespace cubeloom {
namespace {

// An inner node of the manifest's tree; the prefix keeps it apart from the leaves.
Digest InnerNode(const Digest& left, const Digest& right) {
  static constexpr uint8_t kPrefix = 0x01;
  Sha256 hash;
  hash.Update(&kPrefix, 1);
  hash.Update(left.data(), left.size());
  hash.Update(right.data(), right.size());
  return hash.Finish();
}

SHA256_CTX* Context(unsigned char* state) { return std::launder(reinterpret_cast<SHA256_CTX*>(state)); }

}  // namespace

Sha256::Sha256() {
  static_assert(sizeof(SHA256_CTX) <= sizeof(state_) && alignof(SHA256_CTX) <= 8);
  SHA256_Init(new (state_) SHA256_CTX);
}

void Sha256::Update(const void* data, size_t size) {
  if (size > 0) SHA256_Update(Context(state_), data, size);
}

Digest Sha256::Finish() {
  Digest digest;
  SHA256_Final(digest.data(), Context(state_));
  SHA256_Init(Context(state_));
  return digest;
}

Digest Sha256Of(absl::string_view text) {
  Sha256 hash;
  hash.Update(text);
  return hash.Finish();
}

std::string ToHex(const Digest& digest) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * digest.size());
  for (uint8_t byte : digest) {
    text.push_back(kHex[byte >> 4]);
    text.push_back(kHex[byte & 15]);
  }
  return text;
}

Digest MerkleRoot(std::vector<Digest> leaves) {
  if (leaves.empty()) return Sha256Of("");
  // Level by level, in place.
  for (size_t n = leaves.size(); n > 1; n = (n + 1) / 2) {
    for (size_t i = 0; i + 1 < n; i += 2) leaves[i / 2] = InnerNode(leaves[i], leaves[i + 1]);
    if (n % 2 == 1) leaves[n / 2] = leaves[n - 1];
  }
  return leaves[0];
}

}  // namespace cubeloom
