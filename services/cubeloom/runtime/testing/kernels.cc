#include "cubeloom/runtime/testing/kernels.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"

namespace cubeloom::runtime {
namespace {

class FunctionTask : public TaskKernel {
 public:
  FunctionTask(KernelInfo info, TaskFunction run) : info_(std::move(info)), run_(std::move(run)) {}
  const KernelInfo& info() const override { return info_; }
  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args&, absl::Span<const InputDesc>) const override {
    OutputDesc out;
    out.kind = info_.outputs[0].kind;
    return std::vector<OutputDesc>{out};
  }
  absl::StatusOr<std::vector<Payload>> Run(const Invocation& invocation,
                                           const KernelContext& context) const override {
    CL_ASSIGN_OR_RETURN(Payload payload, run_(invocation, context));
    return std::vector<Payload>{std::move(payload)};
  }

 private:
  const KernelInfo info_;
  const TaskFunction run_;
};

KernelInfo ArrayKernel(const std::string& name, KernelShape shape) {
  KernelInfo info;
  info.name = name;
  info.shape = shape;
  info.summary = "for tests";
  PortSpec in, out;
  in.name = "image";
  in.accepts = {DType::kF32};
  out.name = "out";
  if (shape == KernelShape::kReduce) out.kind = PayloadKind::kValue;
  info.inputs = {in};
  info.outputs = {out};
  return info;
}

// out = factor * (sum of rows within `halo` along the slowest axis)
class RowsKernel : public MapKernel {
 public:
  RowsKernel(const std::string& name, int halo) : info_(ArrayKernel(name, KernelShape::kMap)), halo_(halo) {
    ParamSpec factor;
    factor.name = "factor";
    factor.default_value = Value(1.0);
    info_.params = {factor};
  }
  const KernelInfo& info() const override { return info_; }
  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args&,
                                                absl::Span<const InputDesc> inputs) const override {
    OutputDesc out;
    out.array = inputs[0].arrays[0];
    out.array.dtype = DType::kF32;
    return std::vector<OutputDesc>{out};
  }
  Box InputBox(const Invocation& invocation, int, int, const Box& out) const override {
    Shape halo = Shape::Filled(out.rank(), 0);
    halo[0] = halo_;
    return Grow(out, halo, invocation.outputs[0].array.shape);
  }
  absl::Status Run(const Call& call, const KernelContext&) const override {
    const float factor = static_cast<float>(call.invocation->args->real("factor"));
    const Chunk& in = (*call.in)[0][0];
    auto* out = reinterpret_cast<float*>(call.data[0]);
    const int64_t row = call.out.elements() / std::max<int64_t>(1, call.out.extent[0]);
    std::fill_n(out, call.out.elements(), 0.0f);
    for (int64_t y = 0; y < in.box.extent[0]; ++y) {
      const float* from = in.as<float>() + y * in.strides[0];
      for (int64_t to = in.box.origin[0] + y - halo_; to <= in.box.origin[0] + y + halo_; ++to) {
        if (to < call.out.origin[0] || to >= call.out.end(0)) continue;
        for (int64_t x = 0; x < row; ++x) out[(to - call.out.origin[0]) * row + x] += factor * from[x];
      }
    }
    return absl::OkStatus();
  }

 private:
  KernelInfo info_;
  const int halo_;
};

class SumKernel : public ReduceKernel {
 public:
  SumKernel() : info_(ArrayKernel("test.sum", KernelShape::kReduce)) {}
  struct Sum : State {
    double value = 0;
  };
  const KernelInfo& info() const override { return info_; }
  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args&, absl::Span<const InputDesc>) const override {
    OutputDesc out;
    out.kind = PayloadKind::kValue;
    return std::vector<OutputDesc>{out};
  }
  std::unique_ptr<State> NewState(const Invocation&, const Plan*) const override {
    return std::make_unique<Sum>();
  }
  absl::Status Accumulate(const Call& call, State& state, const KernelContext&) const override {
    const Chunk& in = (*call.in)[0][0];
    double sum = 0;
    ForEachRow(in, [&](int64_t offset, int64_t) {
      for (int64_t x = 0; x < in.box.extent[in.box.rank() - 1]; ++x) sum += in.as<float>()[offset + x];
    });
    static_cast<Sum&>(state).value += sum;
    return absl::OkStatus();
  }
  absl::Status Merge(State& left, const State& right) const override {
    static_cast<Sum&>(left).value += static_cast<const Sum&>(right).value;
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<Payload>> Finish(const Invocation&, const Plan*, State& state,
                                              const KernelContext&) const override {
    return std::vector<Payload>{Payload(Value(static_cast<Sum&>(state).value))};
  }
  absl::StatusOr<std::string> Encode(const State&) const override { return absl::UnimplementedError("test"); }
  absl::StatusOr<std::unique_ptr<State>> Decode(absl::string_view) const override {
    return absl::UnimplementedError("test");
  }

 private:
  const KernelInfo info_;
};

absl::StatusOr<Payload> Add(const Invocation& invocation, const KernelContext&) {
  double sum = 0;
  for (const Payload& payload : invocation.inputs[0]) sum += payload.value().real();
  return Payload(Value(sum));
}

}  // namespace

void AddTask(KernelCatalogue& catalogue, const std::string& name, const std::vector<std::string>& inputs,
             TaskFunction run, std::vector<ParamSpec> params) {
  KernelInfo info;
  info.name = name;
  info.summary = "for tests";
  for (std::string input : inputs) {
    PortSpec port;
    port.kind = PayloadKind::kNone;  // any
    port.optional = input.back() == '?';
    port.variadic = input.back() == '*';
    if (port.optional || port.variadic) input.pop_back();
    port.name = input;
    info.inputs.push_back(port);
  }
  PortSpec out;
  out.name = "out";
  out.kind = PayloadKind::kNone;
  info.outputs = {out};
  info.params = std::move(params);
  const absl::Status status = catalogue.Add(std::make_unique<FunctionTask>(std::move(info), std::move(run)));
  if (!status.ok()) std::abort();
}

KernelCatalogue TestKernels() {
  KernelCatalogue catalogue;
  if (!catalogue.Add(std::make_unique<RowsKernel>("test.scale", 0)).ok()) std::abort();
  if (!catalogue.Add(std::make_unique<RowsKernel>("test.smear", 1)).ok()) std::abort();
  if (!catalogue.Add(std::make_unique<SumKernel>()).ok()) std::abort();
  AddTask(catalogue, "test.noop", {"in?"}, [](const auto&, const auto&) { return Payload(Value()); });
  AddTask(catalogue, "test.add", {"values*"}, Add);
  ParamSpec index;
  index.name = "index";
  index.type = ParamType::kReal;
  index.required = true;
  AddTask(catalogue, "test.index", {"in?"},
          [](const Invocation& invocation, const auto&) { return Payload(invocation.args->value("index")); },
          {index});
  return catalogue;
}

absl::StatusOr<Payload> FakeSources::Open(const graph::Node& node, int64_t instance, const ReadContext&) {
  auto maker = makers_.find(node.id);
  if (maker == makers_.end()) return absl::NotFoundError(absl::StrCat("no source '", node.id, "'"));
  return maker->second(instance);
}

namespace {

absl::StatusOr<std::string> TextOf(const Payload& payload, const ReadContext& context) {
  if (payload.kind() == PayloadKind::kValue) return payload.value().ToJson();
  CL_ASSIGN_OR_RETURN(const Digest digest, ContentDigest(payload, context));
  return ToHex(digest);
}

SinkResult Written(const std::string& uri, const std::string& text) {
  return {uri, static_cast<int64_t>(text.size()), Sha256Of(text)};
}

}  // namespace

absl::StatusOr<SinkResult> FakeSinks::Write(const SinkRequest& request) {
  std::string text;
  for (const PortPayloads& port : request.inputs) {
    for (const Payload& payload : port) {
      CL_ASSIGN_OR_RETURN(const std::string one, TextOf(payload, request.context));
      absl::StrAppend(&text, text.empty() ? "" : " ", one);
    }
  }
  if (request.context.cancel.cancelled()) return request.context.cancel.status();
  absl::MutexLock lock(&mu_);
  files_[request.sink.uri] = text;
  return Written(request.sink.uri, text);
}

absl::StatusOr<SinkResult> FakeSinks::Persist(const PersistRequest& request) {
  CL_ASSIGN_OR_RETURN(const std::string text, TextOf(*request.payload, request.context));
  const std::string uri = request.graph->ExternalId(request.drop);
  absl::MutexLock lock(&mu_);
  files_[uri] = text;
  return Written(uri, text);
}

std::map<std::string, std::string> FakeSinks::files() const {
  absl::MutexLock lock(&mu_);
  return files_;
}

absl::StatusOr<uint64_t> FakeSpill::Append(absl::Span<const std::byte> bytes) {
  absl::MutexLock lock(&mu_);
  if (!failure_.ok()) return failure_;
  records_[next_].assign(bytes.begin(), bytes.end());
  appended_ += static_cast<int64_t>(bytes.size());
  return next_++;
}

absl::Status FakeSpill::Read(uint64_t handle, absl::Span<std::byte> out) {
  absl::MutexLock lock(&mu_);
  auto record = records_.find(handle);
  if (corrupt_ || record == records_.end() || record->second.size() != out.size())
    return absl::DataLossError(absl::StrCat("spilled record ", handle, " is not what was written"));
  if (!out.empty()) std::memcpy(out.data(), record->second.data(), out.size());
  return absl::OkStatus();
}

void FakeSpill::Delete(uint64_t handle) {
  absl::MutexLock lock(&mu_);
  records_.erase(handle);
}

void FakeSpill::FailAppends(absl::Status status) {
  absl::MutexLock lock(&mu_);
  failure_ = std::move(status);
}

void FakeSpill::Corrupt() {
  absl::MutexLock lock(&mu_);
  corrupt_ = true;
}

int64_t FakeSpill::alive() const {
  absl::MutexLock lock(&mu_);
  return static_cast<int64_t>(records_.size());
}

int64_t FakeSpill::appended() const {
  absl::MutexLock lock(&mu_);
  return appended_;
}

}  // namespace cubeloom::runtime
