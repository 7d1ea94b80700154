#include "cubeloom/store/hdf5/file_writer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cubeloom/base/status.h"
#include "cubeloom/store/hdf5/attribute.h"

namespace cubeloom {
namespace {

absl::Span<const std::byte> BytesOf(absl::string_view text) {
  return absl::MakeConstSpan(reinterpret_cast<const std::byte*>(text.data()), text.size());
}

absl::StatusOr<std::vector<std::string>> SplitPath(absl::string_view path) {
  std::vector<std::string> parts;
  if (path == "/") return parts;
  if (path.empty() || path[0] != '/') {
    return absl::InvalidArgumentError(absl::StrCat("dataset path '", path, "' does not begin with '/'"));
  }
  for (const absl::string_view part : absl::StrSplit(path.substr(1), '/')) {
    if (part.empty() || part == "." || part == ".." || part.size() > 1024 || part.find('\0') != part.npos) {
      return absl::InvalidArgumentError(
          absl::StrCat("dataset path '", path, "' has an impossible part '", part, "'"));
    }
    parts.emplace_back(part);
  }
  return parts;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Hdf5FileWriter>> Hdf5FileWriter::Create(Store& store, absl::string_view uri) {
  CL_ASSIGN_OR_RETURN(std::unique_ptr<StagedWriter> out, store.OpenWrite(uri));
  CL_RETURN_IF_ERROR(out->Append(BytesOf(std::string(kHdf5SuperblockBytes, '\0'))));  // known at the end
  return std::unique_ptr<Hdf5FileWriter>(new Hdf5FileWriter(std::move(out), uri));
}

absl::StatusOr<uint64_t> Hdf5FileWriter::Begin() {
  const auto rest = static_cast<size_t>(out_->size() % 8);
  if (rest != 0) CL_RETURN_IF_ERROR(out_->Append(BytesOf(std::string(8 - rest, '\0'))));
  return static_cast<uint64_t>(out_->size());
}

absl::StatusOr<Hdf5ChunkEntry> Hdf5FileWriter::AppendBlock(absl::Span<const std::byte> bytes) {
  Hdf5ChunkEntry entry;
  CL_ASSIGN_OR_RETURN(entry.offset, Begin());
  entry.size = static_cast<uint32_t>(bytes.size());
  CL_RETURN_IF_ERROR(Append(bytes));
  return entry;
}

absl::StatusOr<uint64_t> Hdf5FileWriter::AppendChunkTree(const ChunkGrid& grid,
                                                         const std::vector<Hdf5ChunkEntry>& chunks) {
  CL_ASSIGN_OR_RETURN(const uint64_t address, Begin());
  const Hdf5Tree tree = EncodeHdf5ChunkTree(grid, chunks, address);
  CL_RETURN_IF_ERROR(Append(BytesOf(tree.bytes)));
  return tree.root;
}

absl::Status Hdf5FileWriter::CheckPath(absl::string_view path) const {
  CL_ASSIGN_OR_RETURN_IN(const std::vector<std::string> parts, SplitPath(path), absl::StrCat("'", uri_, "'"));
  if (!parts.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("'", uri_, "': dataset path '/' is the root group"));
}

absl::StatusOr<Hdf5FileWriter::Node*> Hdf5FileWriter::Find(absl::string_view path) {
  CL_ASSIGN_OR_RETURN_IN(const std::vector<std::string> parts, SplitPath(path), absl::StrCat("'", uri_, "'"));
  Node* node = &root_;
  for (const std::string& part : parts) {
    if (node->is_dataset) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", uri_, "': path '", path, "' leads through a dataset"));
    }
    std::unique_ptr<Node>& child = node->children[part];
    if (child == nullptr) child = std::make_unique<Node>();
    node = child.get();
  }
  return node;
}

absl::Status Hdf5FileWriter::AddDataset(absl::string_view path, Dataset dataset) {
  CL_RETURN_IF_ERROR(CheckPath(path));
  CL_ASSIGN_OR_RETURN(Node* const node, Find(path));
  if (node->is_dataset || !node->children.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("'", uri_, "': two objects at path '", path, "'"));
  }
  node->is_dataset = true;
  node->dataset = std::move(dataset);
  return absl::OkStatus();
}

absl::Status Hdf5FileWriter::SetGroupAttributes(absl::string_view path,
                                                std::vector<Hdf5WriteAttribute> attributes,
                                                Hdf5AttributeStyle style) {
  CL_ASSIGN_OR_RETURN(Node* const node, Find(path));
  node->dataset.attributes = std::move(attributes);
  node->dataset.style = style;
  return absl::OkStatus();
}

absl::Status Hdf5FileWriter::Describe(const Node& node, const std::string& path, Hdf5Heap& heap) {
  std::vector<Hdf5Message>& messages = attributes_[&node];
  for (const Hdf5WriteAttribute& a : node.dataset.attributes) {
    CL_ASSIGN_OR_RETURN_IN(Hdf5Message message, MakeHdf5Attribute(a, node.dataset.style, heap),
                           absl::StrCat("'", uri_, "': '", path.empty() ? "/" : path, "'"));
    messages.push_back(std::move(message));
  }
  if (messages.size() > 65534) {
    return absl::InvalidArgumentError(absl::StrCat("'", uri_, "': '", path, "': more than 65534 attributes"));
  }
  for (const auto& [name, child] : node.children)
    CL_RETURN_IF_ERROR(Describe(*child, absl::StrCat(path, "/", name), heap));
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> Hdf5FileWriter::WriteHeaders(const Node& node) {
  std::vector<Hdf5Message> messages;
  if (node.is_dataset) {
    messages = Hdf5DatasetMessages(node.dataset.dtype, node.dataset.shape, node.dataset.storage);
  } else {
    std::vector<Hdf5Link> links;
    for (const auto& [name, child] : node.children) {
      CL_ASSIGN_OR_RETURN(const uint64_t address, WriteHeaders(*child));
      links.push_back({name, address});
    }
    messages = Hdf5GroupMessages(links);
  }
  for (Hdf5Message& m : attributes_[&node]) messages.push_back(std::move(m));
  CL_ASSIGN_OR_RETURN(const uint64_t address, Begin());
  CL_RETURN_IF_ERROR(Append(BytesOf(EncodeHdf5ObjectHeader(messages))));
  return address;
}

absl::Status Hdf5FileWriter::Finish() {
  CL_ASSIGN_OR_RETURN(const uint64_t start, Begin());
  Hdf5Heap heap(start);
  CL_RETURN_IF_ERROR(Describe(root_, "", heap));
  CL_RETURN_IF_ERROR(Append(BytesOf(heap.Finish())));
  CL_ASSIGN_OR_RETURN(const uint64_t root, WriteHeaders(root_));
  CL_ASSIGN_OR_RETURN(const uint64_t end, Begin());
  CL_RETURN_IF_ERROR(out_->WriteAt(0, BytesOf(EncodeHdf5Superblock(end, root))));
  return out_->Commit();
}

}  // namespace cubeloom
