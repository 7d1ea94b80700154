// CRC-32C (Castagnoli polynomial 0x1EDC6F41, RFC 3720 appendix B.4): SSE4.2 with a table fallback.
#ifndef CUBELOOM_BASE_CRC32C_H_
#define CUBELOOM_BASE_CRC32C_H_

#include <cstddef>
#include <cstdint>

namespace cubeloom {

// Crc32c("123456789") == 0xE3069283. Extending with a later part equals the checksum of the whole.
uint32_t ExtendCrc32c(uint32_t crc, const void* data, size_t size);
inline uint32_t Crc32c(const void* data, size_t size) { return ExtendCrc32c(0, data, size); }

// The table implementation, on every machine; for tests and as the fallback.
uint32_t ExtendCrc32cPortable(uint32_t crc, const void* data, size_t size);

}  // namespace cubeloom

#endif  // CUBELOOM_BASE_CRC32C_H_
