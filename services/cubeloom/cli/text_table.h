// Tables of text for people.
#ifndef CUBELOOM_CLI_TEXT_TABLE_H_
#define CUBELOOM_CLI_TEXT_TABLE_H_

#include <string>
#include <vector>

namespace cubeloom::cli {

// Columns padded to their widest cell, two spaces apart; the columns named in `right` are right-aligned. The
// first row is the heading. Widths count UTF-8 characters.
std::string TextTable(const std::vector<std::vector<std::string>>& rows,
                      const std::vector<size_t>& right = {});

}  // namespace cubeloom::cli

#endif  // CUBELOOM_CLI_TEXT_TABLE_H_
