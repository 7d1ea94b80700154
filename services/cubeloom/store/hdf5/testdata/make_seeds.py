#!/usr/bin/env python3
"""Makes the fuzz seeds beside it: python3 make_seeds.py (needs h5py, numpy)."""
import json
import os
import struct
import zlib

import h5py
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))


def chunk_seed(name, dataset, file_bytes):
    base = {"path": "/d", "dtype": "f32", "bytes": 4, "big_endian": False, "half": False, "shape": [4, 4], "layout": 0,
            "chunk": [], "filters": [], "filters_partial": True, "fill": "", "missing": [], "offset": -1,
            "attributes": [["units", "K"], ["x", {"real": "nan"}]], "idia": False}
    base.update(dataset)
    with open(os.path.join(HERE, "fuzz_hdf5_chunks", name), "wb") as out:
        out.write(json.dumps(base, separators=(",", ":")).encode() + b"\0" + file_bytes)


def table(*entries):
    return b"".join(struct.pack("<QII", *e) for e in entries)


def filters(*names):
    ids = {"deflate": 1, "shuffle": 2, "fletcher32": 3}
    return [{"id": ids[n], "name": n, "params": [4] if n == "shuffle" else [6]} for n in names]


def chunk_seeds():
    raw = np.arange(16, dtype="<f4").tobytes()
    packed = zlib.compress(raw)
    chunk_seed("contiguous", {"offset": 0}, raw)
    chunk_seed("big_endian_missing", {"offset": 0, "dtype": "i16", "bytes": 2, "big_endian": True, "missing": ["0000"]}, raw)
    chunk_seed("half", {"offset": 0, "half": True, "bytes": 2}, raw)
    chunk_seed("complex", {"offset": 0, "dtype": "c64", "bytes": 8, "shape": [2, 4]}, raw)
    chunk_seed("compact", {"layout": 2}, raw)
    chunk_seed("unwritten", {"fill": "0000803f"}, b"")
    chunk_seed("plain_chunks", {"layout": 1, "chunk": [4, 4], "shape": [4, 7]}, table((0, 64, 0), (0, 0, 0)) + raw + raw)
    chunk_seed("deflate", {"layout": 1, "chunk": [4, 4], "filters": filters("deflate")},
               table((16, len(packed), 0)) + packed)
    chunk_seed("shuffle", {"layout": 1, "chunk": [2, 4], "filters": filters("shuffle"), "shape": [2, 4]},
               table((16, 32, 0)) + raw)
    chunk_seed("fletcher32", {"layout": 1, "chunk": [2, 4], "filters": filters("shuffle", "fletcher32"), "shape": [2, 4]},
               table((16, 36, 0)) + bytes(36))
    chunk_seed("masked", {"layout": 1, "chunk": [2, 4], "filters": filters("shuffle", "deflate"), "shape": [2, 4]},
               table((16, 32, 3)) + raw)


def open_seeds():
    folder = os.path.join(HERE, "fuzz_hdf5_open")
    data = np.arange(35, dtype="<f4").reshape(5, 7)

    def make(name, **options):
        return h5py.File(os.path.join(folder, name), "w", **options)

    with make("contiguous.h5") as f:
        f["d"] = data
    with make("filters.h5") as f:
        f.create_dataset("g/d", data=data.astype(">i2"), chunks=(2, 3), compression="gzip", shuffle=True, fletcher32=True)
    with make("latest.h5", libver="latest") as f:
        f.create_dataset("d", data=data, chunks=(2, 3), compression="gzip", maxshape=(None, 7))
    with make("attributes.h5", libver="latest") as f:
        d = f.create_dataset("d", data=data > 3)
        d.attrs["text"] = "some text"
        d.attrs["list"] = [1, 2, 3]
        d.attrs["_FillValue"] = np.float32(2)


chunk_seeds()
open_seeds()
