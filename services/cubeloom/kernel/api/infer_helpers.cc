#include "cubeloom/kernel/api/infer_helpers.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"

namespace cubeloom {
namespace {

bool Broadcasts(const Shape& from, const Shape& to) {
  const int shift = to.rank() - from.rank();
  if (shift < 0) return false;
  for (int a = 0; a < from.rank(); ++a) {
    if (from[a] != 1 && from[a] != to[a + shift]) return false;
  }
  return true;
}

absl::Status NoPort(const KernelInfo& info, absl::string_view port) {
  return absl::InternalError(absl::StrCat("asks for the undeclared input '", port, "'"));
}

}  // namespace

absl::Status ParamError(absl::string_view name, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("parameter '", name, "' ", what));
}

absl::Status InputError(absl::string_view port, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("input '", port, "' ", what));
}

const InputDesc* InferInputs::Find(absl::string_view port) const {
  for (size_t i = 0; i < info_.inputs.size() && i < inputs_.size(); ++i) {
    if (info_.inputs[i].name == port) return &inputs_[i];
  }
  return nullptr;
}

bool InferInputs::Has(absl::string_view port) const { return Count(port) > 0; }

int64_t InferInputs::Count(absl::string_view port) const {
  const InputDesc* input = Find(port);
  return input == nullptr ? 0 : input->count;
}

absl::StatusOr<const ArrayDesc*> InferInputs::Array(absl::string_view port) const {
  const InputDesc* input = Find(port);
  if (input == nullptr) return NoPort(info_, port);
  if (input->arrays.empty()) return InputError(port, "needs an array, there is none");
  return &input->arrays[0];
}

absl::Status InferInputs::Rank(absl::string_view port, int least, int most) const {
  const InputDesc* input = Find(port);
  if (input == nullptr) return NoPort(info_, port);
  for (const ArrayDesc& desc : input->arrays) {
    if (desc.shape.rank() >= least && desc.shape.rank() <= most) continue;
    const std::string want = least == most ? absl::StrCat(least) : absl::StrCat(least, " to ", most);
    return InputError(port, absl::StrCat("must have ", want, " axes, it is ", desc.shape.ToString()));
  }
  return absl::OkStatus();
}

absl::Status InferInputs::SameShape(absl::string_view port, absl::string_view like) const {
  const InputDesc* input = Find(port);
  if (input == nullptr) return NoPort(info_, port);
  CL_ASSIGN_OR_RETURN(const ArrayDesc* other, Array(like));
  for (const ArrayDesc& desc : input->arrays) {
    if (desc.shape == other->shape) continue;
    return InputError(port, absl::StrCat("must have the shape of '", like, "', ", other->shape.ToString(),
                                         ", it is ", desc.shape.ToString()));
  }
  return absl::OkStatus();
}

absl::Status InferInputs::BroadcastsTo(absl::string_view port, const Shape& shape) const {
  const InputDesc* input = Find(port);
  if (input == nullptr) return NoPort(info_, port);
  for (const ArrayDesc& desc : input->arrays) {
    if (Broadcasts(desc.shape, shape)) continue;
    return InputError(port, absl::StrCat("of shape ", desc.shape.ToString(), " does not fit the shape ",
                                         shape.ToString(), " (axes must be equal or 1)"));
  }
  return absl::OkStatus();
}

absl::StatusOr<Shape> BroadcastShapes(const Shape& a, const Shape& b) {
  const int rank = std::max(a.rank(), b.rank());
  Shape out = Shape::Filled(rank, 1);
  for (int i = 1; i <= rank; ++i) {
    const int64_t x = i <= a.rank() ? a[a.rank() - i] : 1, y = i <= b.rank() ? b[b.rank() - i] : 1;
    if (x != y && x != 1 && y != 1) {
      return absl::InvalidArgumentError(absl::StrCat("the shapes ", a.ToString(), " and ", b.ToString(),
                                                     " do not fit each other (axes must be equal or 1)"));
    }
    out[rank - i] = x == 1 ? y : x;
  }
  return out;
}

OutputDesc ArrayOutput(ArrayDesc desc) {
  OutputDesc output;
  output.kind = PayloadKind::kArray;
  output.array = std::move(desc);
  return output;
}

OutputDesc KindOutput(PayloadKind kind) {
  OutputDesc output;
  output.kind = kind;
  return output;
}

ArrayDesc LikeArray(const ArrayDesc& input, DType dtype) {
  ArrayDesc desc = input;
  desc.dtype = dtype;
  desc.natural_chunk = Shape();
  return desc;
}

}  // namespace cubeloom
