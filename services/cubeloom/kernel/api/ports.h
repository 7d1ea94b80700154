// Ports at run time: which payloads a kernel gets, and in which dtype it sees its arrays.
#ifndef CUBELOOM_KERNEL_API_PORTS_H_
#define CUBELOOM_KERNEL_API_PORTS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "cubeloom/kernel/api/kernel.h"

namespace cubeloom {

// The dtype in which a kernel sees an array of dtype `from` at `port` (see PortSpec::accepts).
// InvalidArgument, naming the port, where no conversion exists: a float to an integer, a complex number to a
// real one.
absl::StatusOr<DType> AcceptDType(const PortSpec& port, DType from);

// Checks `inputs` against the ports (one list a port; kinds, presence, counts) and returns what the kernel
// gets:
//   * a hole at a variadic port is left out, at an optional port it counts as absent, and at a required port,
//     or where no payload is left of a required variadic one, gives FailedPrecondition with the hole's
//     reason;
//   * arrays of another dtype than accepted become views that convert as they are read, and so do all float
//     arrays: a kernel never sees validity bits on f32 or f64, only NaN.
// PayloadKind::kNone in a PortSpec takes every kind.
absl::StatusOr<std::vector<PortPayloads>> BindInputs(const KernelInfo& info,
                                                     absl::Span<const PortPayloads> inputs);

// A view of `array` that converts each chunk as it is read, into the reader's memory. Validity becomes NaN
// where `to` is a float (see ConvertChunk).
ArrayPtr MakeConvertedArray(ArrayPtr array, DType to);

// Kernel::Infer with the dtypes that the kernel will see, and a check of the answer: one description a port,
// kinds as declared, sizes that fit, equal shapes of all outputs of a Map. The errors name the kernel.
absl::StatusOr<std::vector<OutputDesc>> InferOutputs(const Kernel& kernel, const Args& args,
                                                     absl::Span<const InputDesc> inputs);

// What came out against the declared ports; Internal when a kernel breaks its own declaration.
absl::Status CheckResults(const KernelInfo& info, absl::Span<const Payload> results);

// The first payload of the first array port that has one, or nullptr: what a Reduce runs over.
const ArrayPtr* FirstArray(absl::Span<const PortPayloads> inputs);

// The box of an array of shape `input` that an elementwise kernel needs for `out`: axes are matched from the
// fastest on, axes of extent 1 and missing slow axes are broadcast, surplus slow axes are taken whole.
Box BroadcastBox(const Shape& input, const Box& out);

// "kernel 'x'", "input 'y'": the beginnings of all messages.
std::string KernelText(const KernelInfo& info);
std::string InputText(const KernelInfo& info, int port);

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_API_PORTS_H_
