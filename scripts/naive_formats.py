"""What naive_digest.py knows of deliveries and of transit gateways, as plainly."""

import gzip
import json
import re

BLANKS, TIME = re.compile(r"\s*"), re.compile(rb"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z(?=\s|\Z)[ \t]?", re.M)


def rows_of(raw):  # out of gzip, of JSON documents, from behind an export's times
    raw = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    begin = raw.lstrip(b" \t\r\n")
    if begin[:1] == b"{":
        text, at, rows = raw.decode(), 0, []
        while (at := BLANKS.match(text, at).end()) < len(text):
            document, at = json.JSONDecoder().raw_decode(text, at)
            if document.get("messageType") != "CONTROL_MESSAGE":
                rows += [event["message"] for event in document.get("logEvents", [document])]
        raw = "\n".join(rows).encode()
    elif TIME.match(begin):
        raw = TIME.sub(b"", raw)
    return raw.decode("latin-1").split("\n")  # so that text sorts as bytes do


def is_second_sighting(row):  # a transit gateway's row of the way out, where that of the way in is on the same edge
    gateways = any(name == "resource-type" or name.startswith(("tgw-", "packets-lost-")) for name in row)
    if not gateways or "interface-id" in row or row.get("flow-direction") != "egress":
        return False
    attachment, pair = row.get("tgw-attachment-id"), row.get("tgw-pair-attachment-id")
    return attachment is None or (pair is not None and attachment in (pair, "-"))
