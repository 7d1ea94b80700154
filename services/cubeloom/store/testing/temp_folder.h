// A folder that goes away with the test.
#ifndef CUBELOOM_STORE_TESTING_TEMP_FOLDER_H_
#define CUBELOOM_STORE_TESTING_TEMP_FOLDER_H_

#include <string>

#include "absl/strings/string_view.h"

namespace cubeloom {

class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::string& path() const { return path_; }
  // path()/name.
  std::string File(absl::string_view name) const;
  // Writes a file and returns its path.
  std::string Write(absl::string_view name, absl::string_view bytes) const;
  // Names in the folder, sorted, hidden ones included.
  std::string Listing() const;

 private:
  std::string path_;
};

std::string ReadWholeFile(const std::string& path);

// Path of a shared test file ("fits/x.fits"), or "" when the shared data are not there.
std::string SharedData(absl::string_view name);

// Runs a command by the shell; its exit status (-1 when it cannot run) and what it printed.
struct ProgramResult {
  int status = -1;
  std::string output;
};
ProgramResult RunProgram(const std::string& command_line);

}  // namespace cubeloom

#endif  // CUBELOOM_STORE_TESTING_TEMP_FOLDER_H_
