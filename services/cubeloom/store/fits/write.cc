#include "cubeloom/store/fits/write.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"

namespace cubeloom {

absl::Status WriteEmptyPrimary(StagedWriter& out) {
  FitsHeaderWriter header;
  header.Structural("SIMPLE", true, "conforms to the FITS standard");
  header.Structural("BITPIX", 8, "no data");
  header.Structural("NAXIS", 0, "no data");
  header.Structural("EXTEND", true, "extensions follow");
  CL_RETURN_IF_ERROR(header.Reserve(out));
  return header.Finish(out, FitsChecksum(), Value());
}

void AddUserCards(const FitsOutput& output, FitsHeaderWriter& header) {
  for (const Attribute& card : output.cards) header.User(card);
  if (!output.name.empty()) header.User({"EXTNAME", output.name, "name of this HDU"});
  if (output.version.has_value()) header.User({"EXTVER", *output.version, "version of this name"});
}

absl::Status WriteFits(Store& store, absl::string_view uri, const std::vector<FitsOutput>& hdus,
                       const ReadContext& context) {
  if (hdus.empty()) return absl::InvalidArgumentError(absl::StrCat("'", uri, "': no HDU to write"));
  CL_ASSIGN_OR_RETURN(const std::unique_ptr<StagedWriter> out, store.OpenWrite(uri));
  const bool leading_table = hdus[0].table != nullptr;
  if (leading_table) CL_RETURN_IF_ERROR_IN(WriteEmptyPrimary(*out), absl::StrCat("'", uri, "'"));
  for (size_t i = 0; i < hdus.size(); ++i) {
    const FitsOutput& output = hdus[i];
    const std::string where = absl::StrCat("'", uri, "': HDU ", i + (leading_table ? 1 : 0));
    if ((output.array == nullptr) == (output.table == nullptr)) {
      return absl::InvalidArgumentError(absl::StrCat(where, ": needs an array or a table"));
    }
    const HduToWrite hdu{output, i == 0, hdus.size() > 1, context};
    CL_RETURN_IF_ERROR_IN(output.array != nullptr ? WriteFitsImage(*out, hdu) : WriteFitsTable(*out, hdu),
                          where);
  }
  return out->Commit();
}

}  // namespace cubeloom
