#!/usr/bin/env python3
"""Writes docs/graph-reference.md from the comments of cubeloom/graph/v1/graph.proto.

gen_reference.py [--check]   --check: exit 1, with a hint, if the committed page is not what would be written.

Reads only the style that graph.proto is written in: comment lines above each message and field. A message or field
without a comment is an error, so no field can stay undescribed.
"""
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PROTO = os.path.join(HERE, "cubeloom/graph/v1/graph.proto")
PAGE = os.path.join(os.path.dirname(HERE), "docs/graph-reference.md")
FIELD = re.compile(r"^(?:(optional|repeated)\s+)?(map<\w+,\s*[\w.]+>|[\w.]+)\s+(\w+)\s*=\s*\d+;$")
TYPES = {"string": "text", "bool": "true or false", "int32": "integer", "double": "number",
         "google.protobuf.Value": "any value"}


def json_name(name):
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def type_words(label, kind, comment):
    if kind == "google.protobuf.Value" and "${parameter}" in comment:
        return "list of integers" if label == "repeated" else "integer"
    mapping = re.match(r"map<\w+,\s*([\w.]+)>", kind)
    if mapping:
        return "map to " + type_words("", mapping.group(1), comment)
    words = TYPES.get(kind, f"[{kind}](#{kind.lower()})")
    return f"list of {words}" if label == "repeated" else words


def parse(text):
    """[(message, comment, [(field, type, comment)])] in file order."""
    messages, comment = [], []
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if line.startswith("//"):
            comment.append(line[2:].strip())
            continue
        message = re.match(r"^message (\w+) {$", line)
        field = FIELD.match(line)
        if (message or field) and not comment:
            sys.exit(f"{PROTO}:{number}: no comment says what this is")
        if message:
            messages.append((message.group(1), " ".join(comment), []))
        elif field and messages:
            label, kind, name = field.groups()
            words = " ".join(comment)
            messages[-1][2].append((json_name(name), type_words(label, kind, words), words))
        comment = []
    return messages


def page(messages):
    lines = ["# Reference of the graph schema", "",
             "Generated from `proto/cubeloom/graph/v1/graph.proto` by `proto/gen_reference.py`; see [graph.md](graph.md) "
             "for the guide.", ""]
    for name, comment, fields in messages:
        lines += [f"## {name}", "", comment, "", "| field | type | meaning |", "|---|---|---|"]
        lines += [f"| `{field}` | {kind} | {words.replace('|', chr(92) + '|')} |" for field, kind, words in fields]
        lines.append("")
    return "\n".join(lines).rstrip("\n") + "\n"


def main(arguments):
    with open(PROTO, encoding="utf-8") as file:
        text = page(parse(file.read()))
    if "--check" not in arguments:
        os.makedirs(os.path.dirname(PAGE), exist_ok=True)
        with open(PAGE, "w", encoding="utf-8") as file:
            file.write(text)
        return 0
    try:
        with open(PAGE, encoding="utf-8") as file:
            committed = file.read()
    except FileNotFoundError:
        committed = ""
    if committed == text:
        return 0
    print(f"{PAGE} is not up to date: run proto/gen_reference.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
