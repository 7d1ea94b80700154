#!/usr/bin/env python3
"""Peers of the engine's figures: astropy with numpy, and Dask, as a user of these would write the same work."""
import math

from peers import milliseconds, serve, threads


def label(*modules):
    return " + ".join(f"{module.__name__} {module.__version__}" for module in modules)


def numpy_statistics(path, scaled=False):
    """One call per number, over the memory-mapped pixels; NaN is skipped, as the measured code does."""
    import astropy
    import numpy
    from astropy.io import fits

    def work():
        # astropy cannot map pixels that it has to scale.
        with fits.open(path, memmap=not scaled) as hdus:
            data = hdus[0].data
            return (numpy.nanmin(data), numpy.nanmax(data), numpy.nansum(data, dtype=numpy.float64),
                    numpy.nanmean(data, dtype=numpy.float64), numpy.nanstd(data, dtype=numpy.float64, ddof=1))
    time, _ = milliseconds(work)
    return time, label(astropy, numpy)


def numpy_both(path):
    """The statistics, then int(sqrt(width * height)) bins over the range found."""
    import astropy
    import numpy
    from astropy.io import fits

    def work():
        with fits.open(path, memmap=True) as hdus:
            data = hdus[0].data
            low, high = numpy.nanmin(data), numpy.nanmax(data)
            numbers = (numpy.nansum(data, dtype=numpy.float64), numpy.nanmean(data, dtype=numpy.float64),
                       numpy.nanstd(data, dtype=numpy.float64, ddof=1))
            bins = int(math.sqrt(data.shape[-1] * data.shape[-2]))
            return numbers, numpy.histogram(data, bins=bins, range=(low, high))
    time, _ = milliseconds(work)
    return time, label(astropy, numpy)


def numpy_cube(reduce):
    def peer(path):
        import astropy
        import numpy
        from astropy.io import fits

        def work():
            with fits.open(path, memmap=True) as hdus:
                return reduce(numpy, hdus[0].data, hdus[0].header)
        time, _ = milliseconds(work)
        return time, label(astropy, numpy)
    return peer


def cube_histogram(numpy, data, header):
    bins = int(math.sqrt(data.shape[-1] * data.shape[-2]))
    return numpy.histogram(data, bins=bins, range=(numpy.nanmin(data), numpy.nanmax(data)))


def open_dask(path):
    """The mapped image in the chunks of the paper: 1000 x 1000 below 25 Mpixel, else Dask's choice."""
    import dask.array
    from astropy.io import fits

    data = fits.getdata(path, memmap=True)
    return dask.array.from_array(data, chunks=(1000, 1000) if data.size < 25e6 else "auto")


def dask_threads(work):
    import dask

    with dask.config.set(scheduler="threads", num_workers=threads()):
        time, _ = milliseconds(work)
    return time, label(dask)


def dask_statistics(path):
    """Five reductions in one graph, sums in double."""
    def work():
        import dask

        data = open_dask(path)
        return dask.compute(data.sum(dtype="f8"), data.mean(dtype="f8"), data.std(dtype="f8"), data.min(), data.max())
    return dask_threads(work)


def dask_both(path):
    """The statistics in one graph, then the bins over the range found."""
    def work():
        import dask
        import dask.array

        data = open_dask(path)
        numbers = dask.compute(data.sum(dtype="f8"), data.mean(dtype="f8"), data.std(dtype="f8"), data.min(), data.max())
        bins = int(math.sqrt(data.shape[0] * data.shape[1]))
        return numbers, dask.array.histogram(data, bins=bins, range=numbers[3:])[0].compute()
    return dask_threads(work)


serve({
    "statistics float32": numpy_statistics,
    "statistics float32 (dask)": dask_statistics,
    "statistics + histogram float32": numpy_both,
    "statistics + histogram float32 (dask)": dask_both,
    "statistics int16 scaled": lambda path: numpy_statistics(path, scaled=True),
    "cube: region spectral profile": numpy_cube(lambda np, data, header: np.nanmean(data, axis=(1, 2), dtype="f8")),
    "cube: histogram": numpy_cube(cube_histogram),
    "cube: moment 0": numpy_cube(lambda np, data, header: np.nansum(data, axis=0) * abs(header["CDELT3"])),
})
