#include "cubeloom/runtime/exec/invoke.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/graph/unroll/unroll.h"
#include "cubeloom/kernel/api/execute.h"

namespace cubeloom::runtime {
namespace {

using graph::NodeKind;

// One call at work.
class Invocator {
 public:
  Invocator(const InvokeShared& shared, const InvokeCall& call)
      : shared_(shared),
        call_(call),
        graph_(*shared.graph),
        block_(graph_.block(call.drop)),
        program_(shared.program->blocks[graph_.block_of[call.drop]]) {}

  absl::StatusOr<InvokeResult> Run() {
    if (call_.cancel.cancelled()) return call_.cancel.status();
    switch (program_.node->kind) {
      case NodeKind::kSource:
        CL_RETURN_IF_ERROR(Open());
        break;
      case NodeKind::kSink:
        CL_RETURN_IF_ERROR(Sink());
        break;
      case NodeKind::kCommand:
        CL_RETURN_IF_ERROR(Command());
        break;
      default:
        CL_RETURN_IF_ERROR(program_.pulls ? Pull() : Compute());
    }
    if (program_.node->kind != NodeKind::kSource && result_.outputs.size() != block_.ports.size())
      return absl::InternalError(
          absl::StrCat(result_.outputs.size(), " results for ", block_.ports.size(), " output ports"));
    CL_RETURN_IF_ERROR(Digests());
    if (program_.node->persist) CL_RETURN_IF_ERROR(Persist());
    return std::move(result_);
  }

 private:
  ReadContext read() const { return {call_.allocator, call_.cancel}; }

  absl::Status Open() {
    const int64_t instance = static_cast<int64_t>(call_.drop - block_.first_data);
    CL_ASSIGN_OR_RETURN(Payload payload, shared_.ports->source->Open(*program_.node, instance, read()));
    if (payload.kind() == PayloadKind::kNone) return absl::InternalError("the source gave nothing");
    result_.outputs.push_back(std::move(payload));
    return absl::OkStatus();
  }

  absl::StatusOr<graph::SinkSpec> BoundSink() const {
    graph::SinkSpec sink = program_.node->sink;
    CL_ASSIGN_OR_RETURN(sink.uri, BindText(sink.uri));
    CL_ASSIGN_OR_RETURN(const Value options, Bind(Value(sink.options)));
    sink.options = options.map();
    return sink;
  }
  absl::StatusOr<Value> Bind(Value value) const {
    if (!HasReference(value)) return value;
    return graph::BindInstance(graph_, call_.drop, value, shared_.options->instance_names);
  }

  // A text that is nothing but "${x.index}" becomes an integer when bound; here it is wanted as text again.
  absl::StatusOr<std::string> BindText(const std::string& text) const {
    CL_ASSIGN_OR_RETURN(const Value bound, Bind(Value(text)));
    return bound.is_string() ? bound.string() : bound.ToJson();
  }

  absl::Status Sink() {
    CL_ASSIGN_OR_RETURN(const std::vector<PortPayloads> inputs, GatherInputs(shared_, call_.drop));
    SinkRequest request;
    request.graph = &graph_;
    request.node = program_.node;
    CL_ASSIGN_OR_RETURN(request.sink, BoundSink());
    request.drop = call_.drop;
    request.attempt = call_.attempt;
    request.inputs = inputs;
    request.context = read();
    CL_ASSIGN_OR_RETURN(SinkResult written, shared_.ports->sink->Write(request));
    Record(call_.drop, std::move(written));
    return absl::OkStatus();
  }

  absl::Status Command() {
    CL_ASSIGN_OR_RETURN(const std::vector<PortPayloads> inputs, GatherInputs(shared_, call_.drop));
    CommandRequest request;
    request.node = program_.node;
    request.command = program_.node->command;
    for (std::string& argument : request.command.argv) {
      CL_ASSIGN_OR_RETURN(argument, BindText(argument));
    }
    for (auto& [name, text] : request.command.environment) {
      CL_ASSIGN_OR_RETURN(text, BindText(text));
    }
    request.drop = graph_.ExternalId(call_.drop);
    request.attempt = call_.attempt;
    if (!shared_.costs->empty()) request.cores = (*shared_.costs)[graph_.block_of[call_.drop]].cores;
    request.memory = program_.node->resources.memory;
    request.inputs = inputs;
    request.context = read();
    CL_ASSIGN_OR_RETURN(result_.outputs, shared_.ports->command->Run(request));
    return absl::OkStatus();
  }

  // By input port of the kernel; an input of the node that has several links keeps their order.
  absl::StatusOr<std::vector<PortPayloads>> KernelInputs() const {
    CL_ASSIGN_OR_RETURN(std::vector<PortPayloads> by_node, GatherInputs(shared_, call_.drop));
    std::vector<PortPayloads> ports(program_.kernel->info().inputs.size());
    for (size_t i = 0; i < by_node.size(); ++i) {
      ports[static_cast<size_t>(program_.kernel_port[i])] = std::move(by_node[i]);
    }
    return ports;
  }

  absl::Status BindArgsOfDrop() {
    if (!program_.args_per_instance) return absl::OkStatus();
    CL_ASSIGN_OR_RETURN(own_args_, BindDropArgs(graph_, program_, call_.drop, *shared_.options));
    return absl::OkStatus();
  }
  const Args& args() const { return program_.args_per_instance ? own_args_ : program_.args; }

  absl::Status Compute() {
    CL_RETURN_IF_ERROR(BindArgsOfDrop());
    CL_ASSIGN_OR_RETURN(const std::vector<PortPayloads> inputs, KernelInputs());
    ExecuteOptions options;
    options.executor = shared_.helpers;
    options.context = {call_.allocator, call_.cancel};
    options.sink = shared_.store->SinkFactory();
    options.chunk_bytes = shared_.chunk_bytes;
    options.progress = call_.progress;
    CL_ASSIGN_OR_RETURN(std::vector<Payload> all, Execute(*program_.kernel, args(), inputs, options));
    const bool task = program_.kernel->info().shape == KernelShape::kTask;
    for (int port : program_.kernel_output) {
      Payload& payload = all[static_cast<size_t>(port)];
      if (task && payload.kind() == PayloadKind::kArray) {
        CL_ASSIGN_OR_RETURN(payload, shared_.store->Adopt(payload.array(), read()));
      }
      result_.outputs.push_back(std::move(payload));
    }
    return absl::OkStatus();
  }

  absl::Status Pull() {
    CL_RETURN_IF_ERROR(BindArgsOfDrop());
    CL_ASSIGN_OR_RETURN(const std::vector<PortPayloads> inputs, KernelInputs());
    const auto& kernel = static_cast<const MapKernel&>(*program_.kernel);
    for (int port : program_.kernel_output) {
      CL_ASSIGN_OR_RETURN(ArrayPtr array, MakeComputedArray(kernel, args(), inputs, port));
      result_.outputs.emplace_back(std::move(array));
    }
    return absl::OkStatus();
  }

  absl::Status Digests() {
    for (const Payload& payload : result_.outputs) {
      if (program_.content_digest) {
        CL_ASSIGN_OR_RETURN_IN(const Digest digest, ContentDigest(payload, read()), "digest of the result");
        result_.digests.push_back(digest);
      } else {
        result_.digests.push_back(ShapeDigest(payload));
      }
    }
    return absl::OkStatus();
  }

  absl::Status Persist() {
    for (size_t port = 0; port < result_.outputs.size(); ++port) {
      const bool source = program_.node->kind == NodeKind::kSource;
      const DropId data =
          source ? call_.drop : block_.data(static_cast<int64_t>(port), call_.drop - block_.first_app);
      CL_ASSIGN_OR_RETURN(SinkResult kept, shared_.ports->sink->Persist({&graph_, program_.node, data,
                                                                         &result_.outputs[port], read()}));
      Record(data, std::move(kept));
    }
    return absl::OkStatus();
  }

  void Record(DropId drop, SinkResult result) {
    result_.written.push_back({program_.node->id, drop, graph_.ExternalId(drop), std::move(result.uri),
                               result.bytes, result.digest});
  }

  const InvokeShared& shared_;
  const InvokeCall& call_;
  const graph::PhysicalGraph& graph_;
  const graph::Block& block_;
  const BlockProgram& program_;
  Args own_args_;
  InvokeResult result_;
};

}  // namespace

absl::StatusOr<InvokeResult> Invoke(const InvokeShared& shared, const InvokeCall& call) {
  return Invocator(shared, call).Run();
}

Digest ShapeDigest(const Payload& payload) {
  const auto kind = static_cast<uint8_t>(payload.kind());
  Sha256 hash;
  hash.Update("cubeloom.shape.v1");
  hash.Update(&kind, 1);
  if (payload.kind() == PayloadKind::kArray) {
    const ArrayDesc& desc = payload.array()->desc();
    const uint8_t head[2] = {static_cast<uint8_t>(desc.dtype), static_cast<uint8_t>(desc.shape.rank())};
    hash.Update(head, sizeof head);
    for (int64_t extent : desc.shape) hash.Update(&extent, sizeof extent);
  }
  return hash.Finish();
}

}  // namespace cubeloom::runtime
