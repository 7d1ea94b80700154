// Reading a box of an input for a kernel, with errors that name the port.
#ifndef CUBELOOM_KERNEL_API_READ_INPUT_H_
#define CUBELOOM_KERNEL_API_READ_INPUT_H_

#include "absl/status/statusor.h"
#include "cubeloom/kernel/api/kernel.h"

namespace cubeloom {

// Which payload of which port.
struct InputRef {
  const KernelInfo* info = nullptr;
  int port = 0;
  int index = 0;
};

// The elements of `box` of `array`, the payload `input`; an empty box gives a chunk without memory and reads
// nothing. Checks that the array answered with the box and dtype that were asked for.
absl::StatusOr<Chunk> ReadInput(const Array& array, const InputRef& input, const Box& box,
                                const ReadContext& context);

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_API_READ_INPUT_H_
