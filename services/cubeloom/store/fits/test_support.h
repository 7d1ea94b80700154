// For the tests of store/fits: a probe of the built helper, hand-made files, and CFITSIO as the oracle.
#ifndef CUBELOOM_STORE_FITS_TEST_SUPPORT_H_
#define CUBELOOM_STORE_FITS_TEST_SUPPORT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cubeloom/store/fits/fits.h"

namespace cubeloom {

// Local files and one shared client of the helper program in the build folder.
FitsSource TestSource();

// The whole array as doubles (NaN where invalid). Dies on an error.
std::vector<double> AllValues(const ArrayPtr& array);
std::vector<double> AllValues(const Chunk& chunk);

// What CFITSIO reads from HDU `hdu` (0 = primary), everything as double with BSCALE and BZERO applied, blanks
// as NaN.
std::vector<double> CfitsioPixels(const std::string& path, int hdu);

// Number of HDUs by CFITSIO.
int CfitsioHduCount(const std::string& path);
// An image with pixels, plain or compressed.
bool CfitsioHasImage(const std::string& path, int hdu);

// "KEYWORD =  value" lines (80 columns are filled in) and END, padded to blocks.
std::string MakeHeader(const std::vector<std::string>& lines);
// `data` padded with zeros to whole blocks.
std::string PadData(std::string data);

}  // namespace cubeloom

#endif  // CUBELOOM_STORE_FITS_TEST_SUPPORT_H_
