#include "cubeloom/exthost/command_host.h"

#include <signal.h>

#include <cstdlib>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/exthost/csv.h"
#include "cubeloom/exthost/file.h"
#include "cubeloom/exthost/npy.h"
#include "cubeloom/exthost/process.h"
#include "cubeloom/exthost/readable.h"

namespace cubeloom::exthost {
namespace {

using runtime::CommandRequest;

const struct {
  const char* media_type;
  const char* extension;
} kExtensions[] = {{"application/x-npy", ".npy"}, {"text/csv", ".csv"},         {"application/json", ".json"},
                   {"image/fits", ".fits"},       {"image/png", ".png"},        {"text/plain", ".txt"},
                   {"application/x-hdf5", ".h5"}, {"application/fits", ".fits"}};

const char* ExtensionOf(absl::string_view media_type) {
  for (const auto& e : kExtensions) {
    if (media_type == e.media_type) return e.extension;
  }
  return "";
}

absl::StatusOr<std::string> WriteInput(const std::string& stem, const Payload& payload,
                                       const ReadContext& context) {
  switch (payload.kind()) {
    case PayloadKind::kArray:
      CL_RETURN_IF_ERROR(WriteNpy(stem + ".npy", *payload.array(), context));
      return stem + ".npy";
    case PayloadKind::kTable:
      CL_RETURN_IF_ERROR(WriteFile(stem + ".csv", TableToCsv(*payload.table())));
      return stem + ".csv";
    case PayloadKind::kValue:
      CL_RETURN_IF_ERROR(WriteFile(stem + ".json", payload.value().ToJson()));
      return stem + ".json";
    case PayloadKind::kBlob: {
      const Buffer& bytes = payload.blob().bytes;
      const std::string path = stem + ExtensionOf(payload.blob().media_type);
      CL_RETURN_IF_ERROR(WriteFile(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
      return path;
    }
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("a ", PayloadKindName(payload.kind()), " cannot be a file"));
  }
}

// One attempt of one drop.
class Attempt {
 public:
  Attempt(const CommandHostOptions& options, const CommandRequest& request, std::string folder)
      : options_(options), request_(request), folder_(std::move(folder)) {}

  absl::StatusOr<std::vector<Payload>> Run() {
    CL_RETURN_IF_ERROR(WriteInputs());
    for (const std::string& output : request_.command.outputs) {
      if (!FilesOf(output).empty())
        return absl::InvalidArgumentError(absl::StrCat("port '", output, "' is both input and output"));
      files_.push_back({output, {OutputPath(output)}});
    }
    ProcessOptions process;
    CL_ASSIGN_OR_RETURN(process.argv, Substitute(request_.command.argv, files_, request_.cores));
    CL_ASSIGN_OR_RETURN(process.environment, Environment());
    process.folder = folder_;
    process.memory = request_.memory;
    process.file_size = options_.largest_file;
    process.tail_bytes = options_.tail_bytes;
    process.grace = options_.grace;
    process.cancel = request_.context.cancel;
    CL_ASSIGN_OR_RETURN(const ProcessResult result, RunProcess(process));
    CL_RETURN_IF_ERROR(Judge(result));
    std::vector<Payload> outputs;
    for (const std::string& output : request_.command.outputs) {
      absl::StatusOr<Payload> payload = ReadOutput(OutputPath(output));
      if (!payload.ok()) return Unreadable(output, payload.status(), result.tail);
      outputs.push_back(*std::move(payload));
    }
    return outputs;
  }

 private:
  std::string OutputPath(const std::string& port) const {
    return absl::StrCat(folder_, "/out-", port, ExtensionOf(request_.command.media_type));
  }
  std::vector<std::string> FilesOf(const std::string& port) const {
    for (const auto& [name, paths] : files_) {
      if (name == port) return paths;
    }
    return {};
  }

  absl::Status WriteInputs() {
    for (size_t p = 0; p < request_.inputs.size(); ++p) {
      const std::string& port = request_.node->inputs[p].port;
      std::vector<std::string> paths;
      for (size_t i = 0; i < request_.inputs[p].size(); ++i) {
        CL_ASSIGN_OR_RETURN_IN(
            std::string path,
            WriteInput(absl::StrCat(folder_, "/in-", port, "-", i), request_.inputs[p][i], request_.context),
            absl::StrCat("input '", port, "' as a file"));
        paths.push_back(std::move(path));
      }
      files_.push_back({port, std::move(paths)});
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<std::pair<std::string, std::string>>> Environment() const {
    std::vector<std::pair<std::string, std::string>> all = {
        {"HOME", folder_}, {"TMPDIR", folder_}, {"LC_ALL", "C.UTF-8"}};
    for (const std::string& name : options_.inherit) {
      if (const char* value = getenv(name.c_str()); value != nullptr) all.push_back({name, value});
    }
    // Numerical libraries take all cores of the machine unless they are told.
    for (const char* name : {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"})
      all.push_back({name, absl::StrCat(request_.cores)});
    for (const auto& [name, value] : request_.command.environment) {
      CL_ASSIGN_OR_RETURN(const std::vector<std::string> bound, Substitute({value}, files_, request_.cores));
      std::string text;
      for (const std::string& part : bound) absl::StrAppend(&text, text.empty() ? "" : " ", part);
      std::erase_if(all, [&name = name](const auto& e) { return e.first == name; });
      all.push_back({name, text});
    }
    return all;
  }

  static std::string Said(const std::string& tail) {
    const std::string text = Readable(tail);
    return text.empty() ? "; it wrote nothing" : absl::StrCat("; its last output:\n", text);
  }

  absl::Status Judge(const ProcessResult& result) const {
    const std::string& program = request_.command.argv[0];
    if (result.signal == SIGKILL)
      return absl::ResourceExhaustedError(
          absl::StrCat("command '", program, "' was killed, perhaps for want of memory", Said(result.tail)));
    if (result.signal != 0)
      return absl::FailedPreconditionError(absl::StrCat("command '", program, "' died of signal ",
                                                        result.signal, " (", strsignal(result.signal), ")",
                                                        Said(result.tail)));
    if (result.exit_code != 0)
      return absl::FailedPreconditionError(
          absl::StrCat("command '", program, "' exited with ", result.exit_code, Said(result.tail)));
    return absl::OkStatus();
  }

  absl::StatusOr<Payload> ReadOutput(const std::string& path) const {
    const std::string& type = request_.command.media_type;
    if (type == "application/json") {
      CL_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, options_.largest_text));
      CL_ASSIGN_OR_RETURN_IN(Value value, Value::FromJson(text), path);
      return Payload(std::move(value));
    }
    if (type == "text/csv") {
      CL_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, options_.largest_text));
      CL_ASSIGN_OR_RETURN_IN(TablePtr table, TableFromCsv(text), path);
      return Payload(std::move(table));
    }
    CL_ASSIGN_OR_RETURN(File file, File::Open(path));
    char magic[6] = {};
    if (file.size() >= 6) CL_RETURN_IF_ERROR(file.ReadAt(0, magic, sizeof magic));
    if (type == "application/x-npy" || (type.empty() && IsNpy({magic, sizeof magic}))) {
      CL_ASSIGN_OR_RETURN(ArrayPtr array, ReadNpy(path, request_.context));
      return Payload(std::move(array));
    }
    const auto size = static_cast<size_t>(file.size());
    CL_ASSIGN_OR_RETURN(MutableBuffer bytes, request_.context.allocator->Allocate(size));
    CL_RETURN_IF_ERROR(file.ReadAt(0, bytes.data(), size));
    return Payload(Blob{std::move(bytes).Publish(), type.empty() ? "application/octet-stream" : type});
  }

  absl::Status Unreadable(const std::string& port, const absl::Status& status,
                          const std::string& tail) const {
    const std::string context = absl::StrCat("command '", request_.command.argv[0], "', output '", port, "'");
    if (!absl::IsNotFound(status)) return Annotate(status, context);
    return absl::FailedPreconditionError(absl::StrCat(context, ": the command did not write it", Said(tail)));
  }

  const CommandHostOptions& options_;
  const CommandRequest& request_;
  const std::string folder_;
  PortFiles files_;
};

}  // namespace

absl::StatusOr<std::vector<Payload>> CommandHost::Run(const CommandRequest& request) {
  if (request.command.argv.empty()) return absl::InvalidArgumentError("a command without a program");
  CL_ASSIGN_OR_RETURN_IN(const ScratchFolder folder, ScratchFolder::Make(options_.scratch, request.drop),
                         "scratch folder of a command");
  return Attempt(options_, request, folder.path()).Run();
}

}  // namespace cubeloom::exthost
