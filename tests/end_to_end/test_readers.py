"""What digests and graphs are written as, read by programs that know nothing of what wrote them, with equal sums."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections import defaultdict

import networkx
import pytest
from test_questions import ask, hours

from flow_logs import Window
from processes import binary
from stack import text_of
from web import call

SVG = "{http://www.w3.org/2000/svg}"
# No name of an interface looks like this, and nothing forbids it.
HOSTILE = "eni<b>&\"'</text><script>\\"

Links = dict[tuple[str, str, str], tuple[int, int]]


def edges_of(text: str) -> list[list[str]]:
    """The lines of a digest, in their columns."""
    return [line.split(" ") for line in text.splitlines()]


def links_of(edges: list[list[str]]) -> Links:
    """Packets and bytes by source, destination and action."""
    sums: Links = defaultdict(lambda: (0, 0))
    for edge in edges:
        key = (edge[3], edge[4], edge[12])
        sums[key] = (sums[key][0] + int(edge[8]), sums[key][1] + int(edge[9]))
    return dict(sums)


def graphviz(dot: bytes, format: str) -> bytes:
    """What Debian's Graphviz makes of a graph, without a word of complaint."""
    program = shutil.which("dot")
    assert program, "Graphviz is missing: apt-get install graphviz"
    done = subprocess.run([program, f"-T{format}"], input=dot, capture_output=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, b""), done.stderr
    return done.stdout


def by_graphviz(dot: bytes) -> Links:
    graph = json.loads(graphviz(dot, "json"))
    names = {node["_gvid"]: node["name"] for node in graph.get("objects", [])}
    return {
        (names[edge["tail"]], names[edge["head"]], edge["label"]): (int(edge["packets"]), int(edge["bytes"]))
        for edge in graph.get("edges", [])
    }


def by_networkx(graph: networkx.Graph) -> Links:
    return {
        (one, other, edge["action"]): (int(edge["packets"]), int(edge["bytes"]))
        for one, other, edge in graph.edges(data=True)
    }


def node_link(text: bytes) -> networkx.Graph:
    return networkx.node_link_graph(json.loads(text), edges="links")


def by_xml(svg: bytes) -> tuple[set[str], set[str]]:
    """Names of nodes and what is told of links, of a drawing that is well-formed and needs nothing from outside."""
    root = ET.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    allowed = {f"{SVG}{name}" for name in ("svg", "g", "rect", "path", "text", "title")}
    assert {element.tag for element in root.iter()} <= allowed
    assert not [name for element in root.iter() for name in element.attrib if "href" in name or name.startswith("on")]
    width, height = (float(root.attrib[name]) for name in ("width", "height"))
    for text in root.iter(f"{SVG}text"):
        assert 0 <= float(text.attrib["x"]) <= width and 0 <= float(text.attrib["y"]) <= height
    titles = {group.find(f"{SVG}title").text for group in root.findall(f"{SVG}g")}
    links = {title for title in titles if " → " in title}
    return {title.rsplit(": ", 1)[0] for title in titles - links}, links


@pytest.fixture
def digest(tmp_path):
    """A digest in a file: hubs, pairs there and back, what was rejected, IPv6."""
    lines = []
    for host in range(1, 30):
        peer = f"2001:db8::{host:x}" if host % 7 == 0 else f"10.0.1.{host}"
        own = "2001:db8::ffff" if host % 7 == 0 else "10.0.0.1"
        action = "REJECT" if host % 5 == 0 else "ACCEPT"
        lines.append(f"2 1 eni-1 {own} {peer} 0 443 6 {host} {host * 1000} 5 9 {action} OK")
        lines.append(f"2 1 eni-1 {peer} {own} 443 0 6 {host} {host * 7000} 5 9 ACCEPT OK")
    path = tmp_path / "digest.log"
    path.write_text("\n".join(lines) + "\n")
    return path


def graph(path, *arguments: str) -> bytes:
    done = subprocess.run([binary("digesterd"), "graph", str(path), *arguments], capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_graphviz_and_networkx_read_the_digests_links(digest):
    expected = links_of(edges_of(digest.read_text()))
    assert len(expected) == 58
    assert by_graphviz(graph(digest)) == expected
    graphml = networkx.parse_graphml(graph(digest, "--format", "graphml").decode())
    assert graphml.is_directed() and by_networkx(graphml) == expected
    nodes_and_links = node_link(graph(digest, "--format", "json"))
    assert by_networkx(nodes_and_links) == expected
    assert dict(nodes_and_links.nodes(data="bytes")) == {
        node: sum(sums[1] for key, sums in expected.items() if node in key[:2]) for node in nodes_and_links
    }


def test_a_drawing_is_well_formed_and_has_every_node_and_link(digest):
    expected = links_of(edges_of(digest.read_text()))
    nodes, links = by_xml(graph(digest, "--format", "svg"))
    assert nodes == {end for key in expected for end in key[:2]}
    assert {tuple(link.split(" ")[:3:2]) for link in links} == {key[:2] for key in expected}
    assert sum(" REJECT: " in link for link in links) == 5


def test_each_format_says_what_it_leaves_out(digest):
    limits = ("--nodes", "8", "--limit", "5")
    more = "and 53 more links of "
    assert more in graph(digest, *limits).decode()
    told = networkx.parse_graphml(graph(digest, *limits, "--format", "graphml").decode()).graph
    assert told["more_links"] == 53 and told["more_nodes"] > 0 and more in told["remarks"]
    assert node_link(graph(digest, *limits, "--format", "json")).graph["more_links"] == 53
    root = ET.fromstring(graph(digest, *limits, "--format", "svg"))
    assert more in " ".join(text.text for text in root.iter(f"{SVG}text"))


def test_a_large_graph_is_a_drawing_of_300_nodes(tmp_path):
    path = tmp_path / "large.log"
    pairs = ((one, other) for one in range(100) for other in range(one))
    rows = [f"2 1 - 10.0.{one}.1 10.0.{other}.1 0 443 6 1 {one * other + 4000} 5 9 ACCEPT OK" for one, other in pairs]
    rows += [f"2 1 - 10.1.{leaf // 250}.{leaf % 250} 10.0.7.1 0 22 6 1 {leaf} 5 9 REJECT OK" for leaf in range(900)]
    path.write_text("\n".join(rows) + "\n")
    nodes, links = by_xml(graph(path, "--format", "svg", "--limit", "10000"))
    assert len(nodes) == 300 and len(links) == 4950 + 200


def test_names_are_the_same_to_every_reader_whatever_they_hold(tmp_path):
    path = tmp_path / "hostile.log"
    rows = [f"2 1 {HOSTILE} 10.0.0.1 10.0.0.{other} 0 443 6 1 40 5 9 ACCEPT OK" for other in (2, 3)]
    path.write_text("\n".join(rows) + "\n")
    expected = {HOSTILE, "10.0.0.2", "10.0.0.3"}
    by_eni = ("--group-by", "eni", "--format")
    assert set(networkx.parse_graphml(graph(path, *by_eni, "graphml").decode())) == expected
    assert set(node_link(graph(path, *by_eni, "json"))) == expected
    assert by_xml(graph(path, *by_eni, "svg"))[0] == expected
    # A backslash in a label begins an escape of Graphviz' own, so that two stand for one; a name keeps both.
    assert {end for key in by_graphviz(graph(path, *by_eni, "dot")) for end in key[:2]} == {
        name.replace("\\", "\\\\") for name in expected
    }


def test_the_api_draws_what_the_command_does(stack):
    windows = hours(stack)
    start, stop = windows[0].texts[0], windows[-1].texts[1]
    query = f"start={start}&stop={stop}&group_by=internet"
    for format, kind in (
        ("dot", "text/vnd.graphviz; charset=utf-8"),
        ("graphml", "application/graphml+xml"),
        ("svg", "image/svg+xml"),
    ):
        period = ("--start", start, "--stop", stop, "--group-by", "internet")
        shown, _ = ask(stack, "graph", *period, "--format", format)
        drawn = call("GET", f"{stack.api_url}/v1/graph?{query}&format={format}")
        assert (drawn.status, drawn.headers["content-type"]) == (200, kind)
        assert drawn.body.decode() == shown
        assert drawn.headers["content-security-policy"].startswith("default-src 'none'")
    # Each flow once, as the sums over both ends tell.
    top = call("GET", f"{stack.api_url}/v1/top?{query}").json()["answer"]["total"]
    told = call("GET", f"{stack.api_url}/v1/graph?{query}&format=json")
    graph = node_link(told.body)
    for name in ("bytes", "packets"):
        assert sum(edge[name] for *_, edge in graph.edges(data=True)) == top[name]
    assert [digest["coverage"] for digest in graph.graph["digests"]] == ["complete"] * 3
    refused = call("GET", f"{stack.api_url}/v1/graph?{query}&format=png")
    assert (refused.status, "dot, graphml, json, svg" in refused.message()) == (406, True)


def test_csv_and_json_lines_have_the_digests_sums(stack):
    """CSV by RFC 4180: a header, and as many fields in each line."""
    window: Window = hours(stack, 1)[0]
    content = f"{stack.api_url}/v1/digests/{window.id()}/content"
    expected = edges_of(text_of(call("GET", f"{content}?format=gzip").body))
    sums = {name: sum(int(edge[column]) for edge in expected) for name, column in (("packets", 8), ("bytes", 9))}
    body = call("GET", f"{content}?format=csv").body.decode()
    rows = list(csv.DictReader(io.StringIO(body, newline=""), strict=True))
    assert len(rows) == len(expected) and all(None not in row and None not in row.values() for row in rows)
    assert {name: sum(int(row[name]) for row in rows) for name in sums} == sums
    rows = [json.loads(line) for line in call("GET", f"{content}?format=jsonl").body.splitlines()]
    assert len(rows) == len(expected)
    assert {name: sum(row[name] for row in rows) for name in sums} == sums


def test_graphviz_and_networkx_read_a_whole_digest(stack):
    """The digest itself in these formats, an edge a line, as the API hands it out."""
    window: Window = hours(stack, 1)[0]
    content = f"{stack.api_url}/v1/digests/{window.id()}/content"
    expected = edges_of(text_of(call("GET", f"{content}?format=gzip").body))
    graphml = networkx.parse_graphml(call("GET", f"{content}?format=graphml").body.decode(), force_multigraph=True)
    assert graphml.number_of_edges() == len(expected)
    assert sum(int(edge["bytes"]) for *_, edge in graphml.edges(data=True)) == sum(int(edge[9]) for edge in expected)
    svg = ET.fromstring(graphviz(call("GET", f"{content}?format=dot").body, "svg"))
    assert len(svg.findall(f".//{SVG}g[@class='edge']")) == len(expected)
