#include "absl/strings/str_cat.h"
#include "cubeloom/base/quantity.h"
#include "cubeloom/base/status.h"
#include "cubeloom/exthost/command_host.h"

namespace cubeloom::exthost {
namespace {

absl::StatusOr<const std::vector<std::string>*> Lookup(const PortFiles& files, absl::string_view name) {
  std::vector<std::string> known;
  for (const auto& [port, paths] : files) {
    if (port == name) return &paths;
    known.push_back(port);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("the command uses ${", name, "}, which is no input or output", DidYouMean(name, known)));
}

// One argument; a port in it must have exactly one file.
absl::StatusOr<std::string> Inside(absl::string_view argument, const PortFiles& files) {
  std::string text;
  while (true) {
    const size_t at = argument.find("${");
    const size_t end = at == absl::string_view::npos ? at : argument.find('}', at);
    if (end == absl::string_view::npos) break;
    absl::StrAppend(&text, argument.substr(0, at));
    const absl::string_view name = argument.substr(at + 2, end - at - 2);
    CL_ASSIGN_OR_RETURN(const std::vector<std::string>* paths, Lookup(files, name));
    if (paths->size() != 1)
      return absl::InvalidArgumentError(absl::StrCat("argument \"", argument, "\": ${", name, "} is ",
                                                     paths->size(),
                                                     " files, inside a longer argument it must be one"));
    absl::StrAppend(&text, paths->front());
    argument.remove_prefix(end + 1);
  }
  absl::StrAppend(&text, argument);
  return text;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> Substitute(const std::vector<std::string>& argv,
                                                    const PortFiles& files, int32_t cores) {
  PortFiles all = files;
  all.push_back({"cores", {absl::StrCat(cores)}});
  std::vector<std::string> bound;
  for (const std::string& argument : argv) {
    const bool whole =
        argument.size() > 3 && argument.compare(0, 2, "${") == 0 && argument.find('}') == argument.size() - 1;
    if (!whole) {
      CL_ASSIGN_OR_RETURN(std::string text, Inside(argument, all));
      bound.push_back(std::move(text));
      continue;
    }
    CL_ASSIGN_OR_RETURN(const std::vector<std::string>* paths,
                        Lookup(all, argument.substr(2, argument.size() - 3)));
    bound.insert(bound.end(), paths->begin(), paths->end());
  }
  return bound;
}

}  // namespace cubeloom::exthost
