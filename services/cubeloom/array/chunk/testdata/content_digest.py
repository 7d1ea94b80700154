"""A second implementation of ContentDigest's format (payload.cc), for the pinned digests of payload_test.cc."""
import hashlib
import math
import struct


def sha(data):
    return hashlib.sha256(data).digest()


def u8(v):
    return struct.pack("<B", v)


def u64(v):
    return struct.pack("<Q", v)


def i64(v):
    return struct.pack("<q", v)


def f64(v):
    return bytes.fromhex("000000000000f87f") if math.isnan(v) else struct.pack("<d", v)


def text(v):
    data = v if isinstance(v, bytes) else v.encode()
    return u64(len(data)) + data


def value(v):
    if v is None:
        return u8(0)
    if isinstance(v, bool):
        return u8(1) + u8(v)
    if isinstance(v, int):
        return u8(2) + i64(v)
    if isinstance(v, float):
        return u8(3) + f64(v)
    if isinstance(v, str):
        return u8(4) + text(v)
    if isinstance(v, list):
        return u8(5) + u64(len(v)) + b"".join(map(value, v))
    return u8(6) + u64(len(v)) + b"".join(text(k) + value(x) for k, x in v.items())


def merkle(nodes):
    if not nodes:
        return sha(b"")
    while len(nodes) > 1:
        pairs = [nodes[i:i + 2] for i in range(0, len(nodes), 2)]
        nodes = [sha(b"\1" + p[0] + p[1]) if len(p) == 2 else p[0] for p in pairs]
    return nodes[0]


def array(dtype, shape, leaves, unit="", attributes=()):
    out = u8(1) + u8(dtype) + u8(len(shape)) + b"".join(map(i64, shape)) + text(unit) + u64(len(attributes))
    for name, v, comment in attributes:
        out += text(name) + value(v) + text(comment)
    return out + merkle([sha(b"\0" + leaf) for leaf in leaves])


def column(name, unit, description, kind, rows, missing):
    out = text(name) + text(unit) + text(description) + u8(kind) + u64(len(rows)) + b"".join(rows) + u8(any(missing))
    return out + (bytes(missing) if any(missing) else b"")


def show(name, content):
    print(name, hashlib.sha256(b"cubeloom.content.v1" + content).hexdigest())


COUNT, LEAF = 300 * 1000, 65 * 1000
BLOCKS = [struct.pack("<%df" % len(r), *r) for r in (range(i, min(COUNT, i + LEAF)) for i in range(0, COUNT, LEAF))]
HEADER = [("BUNIT", "adu", "unit"), ("GAIN", 1.5, "")]
show("image", array(5, (2, 3), [struct.pack("<6h", *range(6))], "adu", HEADER))
show("nan", array(10, (3,), [struct.pack("<f", 1) + bytes.fromhex("0000c07f") + struct.pack("<f", -2)]))
show("invalid", array(5, (2, 3), [struct.pack("<6h", 0, 1, 2, 3, 0, 5) + bytes([0b101111])]))
show("leaves", array(10, (300, 1000), BLOCKS))
show("scalar", array(11, (), [f64(0.5)]))
show("empty", array(11, (0, 4), []))
show("value", u8(3) + value({"a": None, "b": [True, -1, 0.25, "x"], "c": {}}))
show("table", u8(2) + u64(3) + column("id", "", "number", 0, [i64(7), i64(0)], [0, 1]) +
     column("flux", "Jy", "", 1, [f64(1.5), f64(math.nan)], [0, 0]) +
     column("name", "", "", 2, [text("m31"), text("")], [0, 0]))
show("blob", u8(4) + text("image/png") + text(b"\x89PNG"))
show("hole", u8(5))
