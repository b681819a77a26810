#!/usr/bin/env python3
"""The digest of flow logs in the plainest way, to hold ours against: naive_digest.py [--start T --stop T] [--format F] FILE...|DIR"""
import argparse, datetime, ipaddress, os, re, sys
from naive_formats import is_second_sighting, rows_of
DEFAULT = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
NEEDED = ["srcaddr", "dstaddr", "protocol", "packets", "bytes"]

def minute(text):
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()) // 60 * 60

def number(text, most=2**63 - 1):
    if not (text.isascii() and text.isdigit() and int(text) <= most):
        raise ValueError(f"no number up to {most}: {text!r}")
    return int(text)
def seconds(text):  # or milliseconds
    return number(text) // 1000 if number(text) >= 10**11 else number(text)
def address(text):
    parsed = ipaddress.ip_address(text.replace("%", "no zone"))
    mapped = getattr(parsed, "ipv4_mapped", None)
    return parsed.version, int(parsed), f"::ffff:{mapped}" if mapped else str(parsed)

def record(row, start, stop):  # key, packets, bytes, start and end of a row that counts
    time, end = row.get("start", row.get("end")), row.get("end", row.get("start"))
    if row.get("log-status", "OK") != "OK" or time == "-" or not start <= seconds(time) < stop or is_second_sighting(row):
        return None
    ported = "srcport" in row and "dstport" in row
    if "-" in [end, *(row[name] for name in NEEDED + ["srcport", "dstport"] * ported)]:
        return None
    src, dst = (number(row["srcport"], 65535), number(row["dstport"], 65535)) if ported else (-1, -1)
    ports = (src, dst) if not ported else (src, 0) if src < dst else (0, dst)
    interface = row.get("interface-id", row.get("tgw-attachment-id", "-"))
    names = ((name != "-", name) for name in (row.get("account-id", "-"), interface))
    ends = address(row["srcaddr"]), address(row["dstaddr"])
    key = (*names, *ends, *ports, number(row["protocol"], 255), row.get("action", "-"))
    return key, number(row["packets"]), number(row["bytes"]), seconds(time), seconds(end)

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--start", type=minute, default=0)
parser.add_argument("--stop", type=minute, default=2**63)
parser.add_argument("--format", default=DEFAULT)
parser.add_argument("path", nargs="+")
options, edges, times = parser.parse_args(), {}, []
walked = (os.path.join(at, name) for path in options.path for at, _, names in os.walk(path) for name in names)
for path in sorted(path for path in walked if path.endswith((".log", ".log.gz"))) + list(filter(os.path.isfile, options.path)):
    rows, header = rows_of(open(path, "rb").read()), re.sub(r"[${}]", "", options.format).split()
    for line, words in enumerate((row.replace("\t", " ").replace("\r", " ").split(" ") for row in rows), 1):
        try:
            words = [word for word in words if word]
            if set(NEEDED) <= set(words):
                header = words
            elif words and (found := record(dict(zip(header, words, strict=True)), options.start, options.stop)):
                sums = edges.setdefault(found[0], [0, 0])
                sums[:] = sums[0] + found[1], sums[1] + found[2]
                times = [min([found[3], *times[:1]]), max([found[4], *times[1:]])]
        except ValueError as fault:
            sys.exit(f"{path}: line {line}: {fault}")
for (account, interface, src, dst, *ports, protocol, action), sums in sorted(edges.items()):
    shown = ["-" if port < 0 else port for port in ports]
    line = ["2", account[1], interface[1], src[2], dst[2], *shown, protocol, *sums, *times, action, "OK\n"]
    sys.stdout.buffer.write(" ".join(map(str, line)).encode("latin-1"))
