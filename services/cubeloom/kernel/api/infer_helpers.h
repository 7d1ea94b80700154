// Checks that most kernels make in Infer(): is the array there, of the right rank, like another one?
//
//   absl::StatusOr<std::vector<OutputDesc>> Infer(const Args& args, absl::Span<const InputDesc> inputs) const
//   {
//     InferInputs in(info(), inputs);
//     CL_ASSIGN_OR_RETURN(const ArrayDesc* image, in.Array("image"));
//     CL_RETURN_IF_ERROR(in.Rank("image", 2, 2));
//     CL_RETURN_IF_ERROR(in.SameShape("image", "mask"));
//     return std::vector<OutputDesc>{ArrayOutput(LikeArray(*image, DType::kF32))};
//   }
//
// All errors are InvalidArgument and name the port, what it needs and what is there; the engine puts the
// kernel's name in front.
#ifndef CUBELOOM_KERNEL_API_INFER_HELPERS_H_
#define CUBELOOM_KERNEL_API_INFER_HELPERS_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "cubeloom/kernel/api/kernel.h"

namespace cubeloom {

// A view of Infer()'s inputs by port name; cheap, for one call. Asking for a port that the kernel does not
// declare gives Internal.
class InferInputs {
 public:
  InferInputs(const KernelInfo& info, absl::Span<const InputDesc> inputs) : info_(info), inputs_(inputs) {}

  // Whether an optional port has a payload.
  bool Has(absl::string_view port) const;
  // Payloads of a port (0 when absent).
  int64_t Count(absl::string_view port) const;
  // The description of the port's first array, valid as long as the inputs.
  absl::StatusOr<const ArrayDesc*> Array(absl::string_view port) const;
  // Every array of the port has a rank in [least, most]. An absent port passes.
  absl::Status Rank(absl::string_view port, int least, int most) const;
  // Every array of `port` has the shape of the first array of `like`. An absent `port` passes.
  absl::Status SameShape(absl::string_view port, absl::string_view like) const;
  // Every array of `port` can be broadcast to `shape`: matched from the fastest axis on, each axis is equal
  // or 1, missing slow axes are allowed. An absent `port` passes.
  absl::Status BroadcastsTo(absl::string_view port, const Shape& shape) const;

 private:
  const InputDesc* Find(absl::string_view port) const;

  const KernelInfo& info_;
  const absl::Span<const InputDesc> inputs_;
};

// The shape that both broadcast to; InvalidArgument when there is none.
absl::StatusOr<Shape> BroadcastShapes(const Shape& a, const Shape& b);

// "parameter 'x' <what>", for arguments that fit their schema but not the inputs.
absl::Status ParamError(absl::string_view name, absl::string_view what);
// "input 'x' <what>".
absl::Status InputError(absl::string_view port, absl::string_view what);

// Output descriptions.
OutputDesc ArrayOutput(ArrayDesc desc);
OutputDesc KindOutput(PayloadKind kind);
// Shape, unit and attributes of `input` with another element type and no natural chunk.
ArrayDesc LikeArray(const ArrayDesc& input, DType dtype);

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_API_INFER_HELPERS_H_
