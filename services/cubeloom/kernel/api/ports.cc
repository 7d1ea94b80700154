#include "cubeloom/kernel/api/ports.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "cubeloom/array/chunk/convert_run.h"
#include "cubeloom/base/status.h"

namespace cubeloom {

std::string KernelText(const KernelInfo& info) { return absl::StrCat("kernel '", info.name, "'"); }

std::string InputText(const KernelInfo& info, int port) {
  return absl::StrCat("input '", info.inputs[port].name, "'");
}

namespace {

// Converts on read.
class ConvertedArray : public Array {
 public:
  ConvertedArray(ArrayPtr array, DType to) : array_(std::move(array)), desc_(array_->desc()) {
    desc_.dtype = to;
  }
  const ArrayDesc& desc() const override { return desc_; }
  absl::StatusOr<Chunk> Read(const Box& box, const ReadContext& context) const override {
    CL_ASSIGN_OR_RETURN(Chunk chunk, array_->Read(box, context));
    return ConvertChunk(chunk, desc_.dtype, *context.allocator);
  }

 private:
  const ArrayPtr array_;
  ArrayDesc desc_;
};

// The payloads of one port; `where` names it.
absl::StatusOr<PortPayloads> BindPort(const PortSpec& spec, const PortPayloads& given) {
  PortPayloads bound;
  std::string hole;
  for (const Payload& payload : given) {
    if (payload.kind() == PayloadKind::kHole) {
      hole = absl::StrCat(" (a hole: ", payload.hole().reason, ")");
      continue;
    }
    if (spec.kind != PayloadKind::kNone && payload.kind() != spec.kind) {
      return absl::InvalidArgumentError(absl::StrCat("takes a payload of kind ", PayloadKindName(spec.kind),
                                                     ", got ", PayloadKindName(payload.kind())));
    }
    bound.push_back(payload);
    if (payload.kind() != PayloadKind::kArray) continue;
    CL_ASSIGN_OR_RETURN(const DType to, AcceptDType(spec, payload.array()->desc().dtype));
    // Floats too where nothing is to be converted: validity bits become NaN.
    if (IsFloat(to) || to != payload.array()->desc().dtype)
      bound.back() = MakeConvertedArray(payload.array(), to);
  }
  if (bound.empty() && !spec.optional) {
    const std::string message = absl::StrCat("is required and has no payload", hole);
    return hole.empty() ? absl::InvalidArgumentError(message) : absl::FailedPreconditionError(message);
  }
  if (bound.size() > 1 && !spec.variadic) {
    return absl::InvalidArgumentError(absl::StrCat("takes one payload, got ", bound.size()));
  }
  return bound;
}

absl::Status CheckCount(const KernelInfo& info, size_t given) {
  if (given == info.inputs.size()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(KernelText(info), " has ", info.inputs.size(),
                                                 " input ports, payloads were given for ", given));
}

absl::Status CheckOutputs(const KernelInfo& info, absl::Span<const OutputDesc> outputs) {
  if (outputs.size() != info.outputs.size()) {
    return absl::InternalError(
        absl::StrCat("inferred ", outputs.size(), " outputs for ", info.outputs.size(), " ports"));
  }
  for (size_t i = 0; i < outputs.size(); ++i) {
    const PortSpec& port = info.outputs[i];
    if (port.kind != PayloadKind::kNone && outputs[i].kind != port.kind) {
      return absl::InternalError(absl::StrCat("inferred kind ", PayloadKindName(outputs[i].kind),
                                              " for output '", port.name, "' of kind ",
                                              PayloadKindName(port.kind)));
    }
    if (outputs[i].kind != PayloadKind::kArray) continue;
    const ArrayDesc& desc = outputs[i].array;
    CL_RETURN_IF_ERROR_IN(CheckedElements(desc.shape, desc.dtype).status(),
                          absl::StrCat("output '", port.name, "'"));
    if (info.shape == KernelShape::kMap && desc.shape != outputs[0].array.shape) {
      return absl::InternalError(absl::StrCat("inferred outputs of different shapes, ",
                                              outputs[0].array.shape.ToString(), " and ",
                                              desc.shape.ToString()));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<DType> AcceptDType(const PortSpec& port, DType from) {
  if (port.accepts.empty() || std::count(port.accepts.begin(), port.accepts.end(), from) != 0) return from;
  for (const DType to : port.accepts) {
    if (IsLossless(from, to)) return to;
  }
  const DType last = port.accepts.back();
  if (!CanConvert(from, last)) {
    std::string known;
    for (const DType to : port.accepts) absl::StrAppend(&known, known.empty() ? "" : ", ", DTypeName(to));
    return absl::InvalidArgumentError(absl::StrCat("port '", port.name, "' takes ", known, "; ",
                                                   DTypeName(from), " elements cannot be converted"));
  }
  return last;
}

ArrayPtr MakeConvertedArray(ArrayPtr array, DType to) {
  return std::make_shared<ConvertedArray>(std::move(array), to);
}

absl::StatusOr<std::vector<PortPayloads>> BindInputs(const KernelInfo& info,
                                                     absl::Span<const PortPayloads> inputs) {
  CL_RETURN_IF_ERROR(CheckCount(info, inputs.size()));
  std::vector<PortPayloads> bound;
  bound.reserve(inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    absl::StatusOr<PortPayloads> port = BindPort(info.inputs[i], inputs[i]);
    if (!port.ok()) return Annotate(port.status(), absl::StrCat(KernelText(info), ": ", InputText(info, i)));
    bound.push_back(*std::move(port));
  }
  return bound;
}

absl::StatusOr<std::vector<OutputDesc>> InferOutputs(const Kernel& kernel, const Args& args,
                                                     absl::Span<const InputDesc> inputs) {
  const KernelInfo& info = kernel.info();
  CL_RETURN_IF_ERROR(CheckCount(info, inputs.size()));
  std::vector<InputDesc> seen(inputs.begin(), inputs.end());
  for (size_t i = 0; i < seen.size(); ++i) {
    for (ArrayDesc& desc : seen[i].arrays) {
      CL_ASSIGN_OR_RETURN_IN(desc.dtype, AcceptDType(info.inputs[i], desc.dtype), KernelText(info));
    }
  }
  CL_ASSIGN_OR_RETURN_IN(std::vector<OutputDesc> outputs, kernel.Infer(args, seen), KernelText(info));
  CL_RETURN_IF_ERROR_IN(CheckOutputs(info, outputs), KernelText(info));
  return outputs;
}

absl::Status CheckResults(const KernelInfo& info, absl::Span<const Payload> results) {
  if (results.size() != info.outputs.size()) {
    return absl::InternalError(absl::StrCat(KernelText(info), " gave ", results.size(), " results for ",
                                            info.outputs.size(), " output ports"));
  }
  for (size_t i = 0; i < results.size(); ++i) {
    const PortSpec& port = info.outputs[i];
    const bool any = port.kind == PayloadKind::kNone && results[i].kind() != PayloadKind::kNone;
    if (any || results[i].kind() == port.kind) continue;
    return absl::InternalError(absl::StrCat(KernelText(info), " gave a result of kind ",
                                            PayloadKindName(results[i].kind()), " for output '", port.name,
                                            "' of kind ", PayloadKindName(port.kind)));
  }
  return absl::OkStatus();
}

const ArrayPtr* FirstArray(absl::Span<const PortPayloads> inputs) {
  for (const PortPayloads& port : inputs) {
    if (!port.empty() && port[0].kind() == PayloadKind::kArray) return &port[0].array();
  }
  return nullptr;
}

Box BroadcastBox(const Shape& input, const Box& out) {
  Box box = Box::Whole(input);
  const int shift = out.rank() - input.rank();
  for (int a = std::max(0, -shift); a < input.rank(); ++a) {
    if (input[a] == 1) continue;
    box.origin[a] = out.origin[a + shift];
    box.extent[a] = out.extent[a + shift];
  }
  return box;
}

}  // namespace cubeloom
