// SHA-256 (FIPS 180-4), by OpenSSL's libcrypto, and the manifest's Merkle tree.
#ifndef CUBELOOM_BASE_SHA256_H_
#define CUBELOOM_BASE_SHA256_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace cubeloom {

using Digest = std::array<uint8_t, 32>;

// Not thread-safe. Finish() once, after which the object starts afresh. Allocates nothing, so it serves
// many small hashes: constructing one is setting some 40 bytes.
class Sha256 {
 public:
  Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void Update(const void* data, size_t size);
  void Update(absl::string_view text) { Update(text.data(), text.size()); }
  Digest Finish();

 private:
  alignas(8) unsigned char state_[112];  // libcrypto's SHA256_CTX, opaque here
};

Digest Sha256Of(absl::string_view text);
std::string ToHex(const Digest& digest);

// Root of the binary Merkle tree over `leaves` in order. An inner node is SHA-256(0x01 | left | right);
// the last node of an odd level moves up unchanged; no leaves give SHA-256 of nothing.
Digest MerkleRoot(std::vector<Digest> leaves);

}  // namespace cubeloom

#endif  // CUBELOOM_BASE_SHA256_H_
