// The same elements in other clothes: arrays that hold what another one holds, but answer reads in a way that
// a careless kernel does not expect.
#ifndef CUBELOOM_KERNEL_TESTING_ARRAY_VARIANTS_H_
#define CUBELOOM_KERNEL_TESTING_ARRAY_VARIANTS_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "cubeloom/array/chunk/payload.h"
#include "cubeloom/kernel/api/kernel.h"

namespace cubeloom {

// Each read gives memory of exactly the box's size that ends at an inaccessible page (validity bits too), so
// that every read behind the end is a fault.
ArrayPtr MakeGuarded(ArrayPtr array);

// Each read of rank >= 2 gives a view into a larger block, with gaps full of NaN (255 bytes for integers)
// between the rows, and ends at an inaccessible page.
ArrayPtr MakeStrided(ArrayPtr array);

// Reads give up the processor a pseudo-random number of times, so that threads overtake one another.
ArrayPtr MakeJittery(ArrayPtr array, uint64_t seed);

// `before(n, box)` is called at the n-th read (from 0 on, over all threads); an error is the read's answer.
using ReadHook = std::function<absl::Status(int64_t n, const Box& box)>;
ArrayPtr MakeHooked(ArrayPtr array, ReadHook before);

// Another opinion on how it is best read.
ArrayPtr WithNaturalChunk(ArrayPtr array, const Shape& natural_chunk);

// Exactly the same values as another dtype (NaN and invalid elements become invalid elements or NaN), or
// InvalidArgument when some value has no exact form.
absl::StatusOr<ArrayPtr> AsDType(const ArrayPtr& array, DType dtype);

// `inputs` with every array replaced by f(array); other payloads stay.
std::vector<PortPayloads> ReplaceArrays(const std::vector<PortPayloads>& inputs,
                                        const std::function<ArrayPtr(const ArrayPtr&)>& f);

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_TESTING_ARRAY_VARIANTS_H_
