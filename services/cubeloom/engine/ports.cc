#include "cubeloom/engine/ports.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/engine/npy.h"
#include "cubeloom/engine/text_formats.h"
#include "cubeloom/exthost/csv.h"
#include "cubeloom/store/fits/fits.h"
#include "cubeloom/store/hdf5/hdf5.h"

namespace cubeloom::engine {
namespace {

// One payload and the name that the user gave its input.
struct Named {
  std::string name;
  const Payload* payload;
};

std::vector<Named> Flatten(const graph::Node& node, absl::Span<const std::vector<Payload>> inputs) {
  std::vector<Named> all;
  for (size_t p = 0; p < inputs.size(); ++p) {
    for (size_t i = 0; i < inputs[p].size(); ++i) {
      const std::string& port = node.inputs[p].port;
      all.push_back({inputs[p].size() == 1 ? port : absl::StrCat(port, i + 1), &inputs[p][i]});
    }
  }
  return all;
}

const Value* Option(const graph::Node& node, absl::string_view name) {
  for (const auto& [key, value] : node.sink.options) {
    if (key == name) return &value;
  }
  return nullptr;
}

absl::Status WriteFitsSink(Store& store, const std::string& path, const std::vector<Named>& payloads,
                           const ReadContext& context) {
  std::vector<FitsOutput> hdus;
  for (const Named& named : payloads) {
    FitsOutput hdu;
    if (named.payload->kind() == PayloadKind::kTable) {
      hdu.table = named.payload->table();
    } else {
      hdu.array = named.payload->array();
    }
    // A single image keeps the name that its header gives; several need telling apart.
    if (payloads.size() > 1) hdu.name = named.name;
    hdus.push_back(std::move(hdu));
  }
  return WriteFits(store, path, hdus, context);
}

absl::Status WriteHdf5Sink(Store& store, const std::string& path, const graph::Node& node,
                           const std::vector<Named>& payloads, const ReadContext& context) {
  const Value* idia = Option(node, "idia");
  if (idia != nullptr && idia->is_bool() && idia->boolean()) {
    if (payloads.size() != 1) return absl::InvalidArgumentError("an IDIA file holds one image");
    return WriteIdiaHdf5(store, path, payloads[0].payload->array(), context);
  }
  int deflate = 0;
  if (const Value* level = Option(node, "deflate")) {
    CL_ASSIGN_OR_RETURN_IN(const int64_t given, level->AsInt(), "sink option 'deflate'");
    if (given < 0 || given > 9) return absl::InvalidArgumentError("sink option 'deflate' must be 0 to 9");
    deflate = static_cast<int>(given);
  }
  std::vector<Hdf5Output> datasets;
  for (const Named& named : payloads) {
    Hdf5Output out;
    out.path = absl::StrCat("/", payloads.size() == 1 ? "DATA" : named.name);
    out.array = named.payload->array();
    if (deflate > 0) {
      out.deflate = deflate;
      out.shuffle = true;
      out.chunk = out.array->desc().shape;
      for (int a = 0; a < out.chunk.rank(); ++a) {
        const int64_t most = a < out.chunk.rank() - 2 ? 1 : 512;
        out.chunk[a] = std::min<int64_t>(out.chunk[a], most);
      }
    }
    datasets.push_back(std::move(out));
  }
  return WriteHdf5(store, path, datasets, context);
}

absl::Status WriteTarget(Store& store, const SinkTarget& target, const graph::Node& node,
                         const std::vector<Named>& payloads, const ReadContext& context) {
  if (payloads.empty()) return absl::FailedPreconditionError("nothing to write: all inputs are holes");
  const Payload& first = *payloads[0].payload;
  switch (target.format) {
    case SinkFormat::kFits:
      return WriteFitsSink(store, target.path, payloads, context);
    case SinkFormat::kHdf5:
      return WriteHdf5Sink(store, target.path, node, payloads, context);
    case SinkFormat::kNpy:
      return WriteNpy(store, target.path, *first.array(), context);
    case SinkFormat::kCsv:
      return WriteObject(store, target.path, exthost::TableToCsv(*first.table()));
    case SinkFormat::kJson: {
      if (payloads.size() == 1) {
        CL_ASSIGN_OR_RETURN(const std::string json, PayloadToJson(first, context));
        return WriteObject(store, target.path, json);
      }
      Value::List items;
      for (const Named& named : payloads) {
        CL_ASSIGN_OR_RETURN(Value item, PayloadToValue(*named.payload, context));
        items.push_back(std::move(item));
      }
      return WriteObject(store, target.path, Value(std::move(items)).ToJson(2) + "\n");
    }
    case SinkFormat::kBytes: {
      const Buffer& bytes = first.blob().bytes;
      return WriteObject(store, target.path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    }
  }
  return absl::InternalError("unknown sink format");
}

absl::StatusOr<runtime::SinkResult> ResultOf(Store& store, const SinkTarget& target,
                                             const CancelToken& cancel) {
  runtime::SinkResult result;
  result.uri = target.uri;
  CL_ASSIGN_OR_RETURN(const ObjectStat stat, store.Stat(target.path));
  result.bytes = stat.size;
  CL_ASSIGN_OR_RETURN(result.digest, FileDigest(store, target.path, cancel));
  return result;
}

}  // namespace

absl::StatusOr<Payload> FileSourcePort::Open(const graph::Node& node, int64_t instance, const ReadContext&) {
  const auto it = sources_.find(node.id);
  if (it == sources_.end() || instance < 0 || instance >= static_cast<int64_t>(it->second.size())) {
    return absl::InternalError(absl::StrCat("source '", node.id, "' has no item ", instance));
  }
  const resolve::SourceItem& item = it->second[static_cast<size_t>(instance)];
  CL_ASSIGN_OR_RETURN(const ObjectStat stat, environment_.store->Stat(item.uri));
  if (stat.identity != item.identity) {
    return absl::DataLossError(absl::StrCat("'", item.uri, "' has changed since it was listed"));
  }
  CL_ASSIGN_OR_RETURN(ArrayPtr array, resolve::OpenSource(environment_, node.source, item.uri));
  return Payload(std::move(array));
}

absl::StatusOr<runtime::SinkResult> FileSinkPort::Write(const runtime::SinkRequest& request) {
  const auto it = plan_.find(request.drop);
  if (it == plan_.end()) return absl::InternalError("the sink drop was not planned");
  const SinkTarget& target = it->second;
  CL_RETURN_IF_ERROR(MakeFolders(FolderOf(target.path)));
  const std::vector<Named> payloads = Flatten(*request.node, request.inputs);
  if (request.context.cancel.cancelled()) return request.context.cancel.status();
  CL_RETURN_IF_ERROR(WriteTarget(store_, target, *request.node, payloads, request.context));
  return ResultOf(store_, target, request.context.cancel);
}

absl::StatusOr<runtime::SinkResult> FileSinkPort::Persist(const PersistRequest& request) {
  const SinkTarget target = PersistTarget(*request.graph, request.drop, request.payload->kind(), folder_);
  CL_RETURN_IF_ERROR(MakeFolders(FolderOf(target.path)));
  CL_RETURN_IF_ERROR(
      WriteTarget(store_, target, *request.node, {{"data", request.payload}}, request.context));
  return ResultOf(store_, target, request.context.cancel);
}

absl::StatusOr<Digest> FileDigest(Store& store, const std::string& uri, const CancelToken& cancel) {
  CL_ASSIGN_OR_RETURN(const std::unique_ptr<RandomReader> reader, store.OpenRead(uri));
  std::vector<std::byte> block(size_t{1} << 20);
  Sha256 hash;
  for (int64_t at = 0; at < reader->stat().size;) {
    if (cancel.cancelled()) return cancel.status();
    const auto n =
        static_cast<size_t>(std::min<int64_t>(static_cast<int64_t>(block.size()), reader->stat().size - at));
    CL_RETURN_IF_ERROR(reader->ReadAt(at, absl::MakeSpan(block.data(), n)));
    hash.Update(block.data(), n);
    at += static_cast<int64_t>(n);
  }
  return hash.Finish();
}

}  // namespace cubeloom::engine
