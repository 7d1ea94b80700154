// The inner loops of the byte shuffle, compiled for x86-64-v2, v3 and v4.
#ifndef CUBELOOM_ARRAY_CODEC_SHUFFLE_RUN_H_
#define CUBELOOM_ARRAY_CODEC_SHUFFLE_RUN_H_

#include <cstddef>
#include <cstdint>

namespace cubeloom {

// `count` elements of `element` >= 2 bytes; in and out do not overlap.
using ShuffleFn = void (*)(const uint8_t* in, size_t count, size_t element, uint8_t* out);

namespace v2 {
void ShuffleRun(const uint8_t* in, size_t count, size_t element, uint8_t* out);
void UnshuffleRun(const uint8_t* in, size_t count, size_t element, uint8_t* out);
}  // namespace v2
namespace v3 {
void ShuffleRun(const uint8_t* in, size_t count, size_t element, uint8_t* out);
void UnshuffleRun(const uint8_t* in, size_t count, size_t element, uint8_t* out);
}  // namespace v3
namespace v4 {
void ShuffleRun(const uint8_t* in, size_t count, size_t element, uint8_t* out);
void UnshuffleRun(const uint8_t* in, size_t count, size_t element, uint8_t* out);
}  // namespace v4

}  // namespace cubeloom

#endif  // CUBELOOM_ARRAY_CODEC_SHUFFLE_RUN_H_
