#!/usr/bin/env bash
# Attacks real digesterd-api processes with what their description says may be sent, and with what it says may not, all checks
# on. Three runs, each against a process and stores of its own:
#
#   * every operation by itself, 100 examples an operation and phase. Each has to have been answered with something;
#   * chains of requests along the description's links. Chains have to have come about, and to have followed many of these links;
#   * a few examples of every operation with a token, where tokens are asked for. Each has to have been refused without one.
#
# tests/schemathesis.toml holds the few expectations, each with its reason.
#
#   scripts/schemathesis.sh             needs schemathesis in $SCHEMATHESIS, .venv/bin or PATH; installs nothing
#   scripts/schemathesis.sh ARGUMENTS   schemathesis' own, for the first run alone
#   DIGESTERD_API=path …                a binary that is built already, with the command `digesterd` beside it
#   API_DESCRIPTION=path …              a description to go by in place of the one that is served
set -euo pipefail
cd "$(dirname "$0")/.."

schemathesis=${SCHEMATHESIS:-}
if [[ -z "$schemathesis" && -x .venv/bin/schemathesis ]]; then
    schemathesis=.venv/bin/schemathesis
fi
schemathesis=$(command -v "${schemathesis:-schemathesis}") || {
    echo "schemathesis is not installed: see tests/requirements.txt, or set SCHEMATHESIS" >&2
    exit 2
}
api=${DIGESTERD_API:-}
if [[ -z "$api" ]]; then
    cargo build --locked -p digesterd -p digesterd-api
    api=${CARGO_TARGET_DIR:-target}/debug/digesterd-api
fi
digesterd=$(dirname "$api")/digesterd

work=$(mktemp -d)
pids=()
declare -A address token
stop() {
    for pid in "${pids[@]}"; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap stop EXIT

# Waits until a process says in its log where it listens.
listens() { # name
    for _ in $(seq 100); do
        address[$1]=$(sed -n 's/.*"message":"listening".*"address":"\([^"]*\)".*/\1/p' "$work/$1.log" | head -1)
        [[ -n "${address[$1]}" ]] && return
        sleep 0.1
    done
    echo "the process for $1 does not listen:" >&2
    cat "$work/$1.log" >&2
    exit 1
}

fetch() { # name, path
    python3 - "http://${address[$1]}$2" "${token[$1]:-}" <<'PYTHON'
import sys
import urllib.request

url, token = sys.argv[1:]
headers = {"authorization": f"Bearer {token}"} if token else {}
with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30) as answer:
    sys.stdout.buffer.write(answer.read())
PYTHON
}

# A queue that takes every job, as an appliance does.
python3 - "$work/queue" <<'PYTHON' &
import http.server, sys

class Queue(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Queue)
with open(sys.argv[1] + ".new", "w") as file:
    file.write(str(server.server_port))
import os
os.rename(sys.argv[1] + ".new", sys.argv[1])
server.serve_forever()
PYTHON
pids+=($!)

# The digests of tests/schemathesis.toml, made by the service itself: with manifests, tables of edges and of interfaces, and a
# place in the list. Those of 2018 are of the window that the description's examples ask for.
mkdir -p "$work/stored/flow-logs" "$work/stored/digests" "$work/stored/progress"
"$digesterd" sample-logs "$work/first" --start 2018-10-17T00:00:00Z --records 2000 --objects 6
"$digesterd" sample-logs "$work/second" --start 2025-12-31T23:00:00Z --hours 2 --format v5 --records 4000 --objects 12
cp -R "$work/first/." "$work/second/." "$work/stored/flow-logs"
: >"$work/serve.log" # It is read before the process may have begun.
"$digesterd" serve --data "$work/stored" --listen-address 127.0.0.1 --port 0 >"$work/serve.log" 2>&1 &
serve=$!
pids+=("$serve")
listens serve
store() { # start, stop, scope
    "$digesterd" create --api "http://${address[serve]}" --start "$1" --stop "$2" "${@:3}" --wait
}
store 2018-10-17T00:00:00Z 2018-10-17T01:00:00Z
store 2018-10-17T00:00:00Z 2018-10-17T01:00:00Z --account 123456789012 --region us-east-1
store 2025-12-31T23:00:00Z 2026-01-01T00:00:00Z
store 2026-01-01T00:00:00Z 2026-01-01T01:00:00Z
kill "$serve"
wait "$serve"
# One as the Go service stores them: neither manifest nor tables, and in no list.
echo "2 123456789010 eni-1 172.31.16.139 172.31.16.21 0 80 6 20 1000 1539738000 1539741600 ACCEPT OK" |
    gzip -n >"$work/stored/digests/cca9b6d9-c3cc-5966-8639-d5e9ddec00cd.log.gz"

for _ in $(seq 100); do
    [[ -s "$work/queue" ]] && break
    sleep 0.1
done

# Starts an API over its own copy of what is stored, so that no run finds what another one asked for. Its description is
# $work/NAME.yaml.
start() { # name, file of tokens
    cp -R "$work/stored" "$work/$1"
    : >"$work/$1.log"
    PORT=0 LISTEN_ADDRESS=127.0.0.1 DIGEST_TOKENS_FILE=${2:-} VPC_FLOW_LOGS_BUCKET="file://$work/$1/flow-logs" \
        DIGEST_STORAGE_BUCKET="file://$work/$1/digests" DIGEST_PROGRESS_BUCKET="file://$work/$1/progress" \
        STREAM_APPLIANCE_ENDPOINT="http://127.0.0.1:$(cat "$work/queue")" STREAM_APPLIANCE_TOPIC=digests \
        "$api" >"$work/$1.log" 2>&1 &
    pids+=($!)
    listens "$1"
    if [[ -n "${API_DESCRIPTION:-}" ]]; then
        cp "$API_DESCRIPTION" "$work/$1.yaml"
    else
        fetch "$1" /openapi.yaml >"$work/$1.yaml"
    fi
}

attack() { # name, settings, schemathesis' arguments
    echo "== $1"
    if ! "$schemathesis" --config-file "$2" run "$work/$1.yaml" --url "http://${address[$1]}" --no-color "${@:3}"; then
        echo "the last lines of digesterd-api:" >&2
        tail -n 20 "$work/$1.log" >&2
        return 1
    fi
}

# Fails for each operation that has never been answered with one of these statuses, by what the API counts. The health routes
# ask for no token and are left out where 401 is looked for.
answered() { # name, pattern of statuses
    fetch "$1" /metrics >"$work/$1.metrics"
    python3 - "$work/$1.yaml" "$work/$1.metrics" "$2" <<'PYTHON'
import re
import sys

description, metrics, statuses = sys.argv[1:]
health = ("/livez", "/readyz", "/healthz") if statuses == "401" else ()
with open(description) as file:
    lines = file.read().partition("\ncomponents:")[0].splitlines()
operations, path = set(), ""
for line in lines:
    if found := re.fullmatch(r"  (/\S*):", line):
        path = found[1]
    elif (found := re.fullmatch(r"    (get|head|post):", line)) and path not in health:
        operations.add((found[1].upper(), path))
with open(metrics) as file:
    counted = re.findall(r'^digesterd_http_requests_total\{route="(.*?)",method="(.*?)",status="(.*?)"\}', file.read(), re.M)
missing = operations - {(method, route) for route, method, status in counted if re.fullmatch(statuses, status)}
print(f"{len(operations) - len(missing)} of {len(operations)} operations were answered with {statuses}")
for method, route in sorted(missing):
    print(f"never answered with {statuses}: {method} {route}", file=sys.stderr)
sys.exit(bool(missing) or not operations)
PYTHON
}

# Fails unless chains of requests were tried, along many of the links that the description declares.
chained() { # report
    python3 - "$1" <<'PYTHON'
import json
import sys

scenarios, requests, links, declared = 0, 0, set(), 0
with open(sys.argv[1]) as report:
    for line in report:
        event = json.loads(line)
        if loaded := event.get("LoadingFinished"):
            declared = loaded["statistic"]["transitions"]["total"]
        finished = event.get("ScenarioFinished", {})
        cases = finished.get("recorder", {}).get("cases", {})
        if finished.get("phase") != "stateful" or not cases:
            continue
        scenarios += 1
        requests += len(cases)
        for case in cases.values():
            link = case.get("transition")
            if link and case["is_transition_applied"] and not link["is_inferred"]:
                links.add(link["id"])
print(f"{scenarios} chains of {requests} requests followed {len(links)} of the {declared} links that are declared")
# As a rule it is most of them. Chance chooses, and a slow machine has time for fewer.
if scenarios == 0 or len(links) < 10:
    sys.exit("the chains of requests show little")
PYTHON
}

operations() { # schemathesis' arguments
    attack operations tests/schemathesis.toml --phases examples,coverage,fuzzing "$@" || return
    # Who gives arguments may have left operations out.
    (($# > 0)) || answered operations "2.."
}

chains() {
    # Such a run ends as soon as one beginning of a chain has led to two ends, as it does where a digest is asked for twice. With
    # a time, others follow.
    attack chains tests/schemathesis.toml --phases stateful --max-time 60 --report-ndjson-path "$work/chains.ndjson" &&
        chained "$work/chains.ndjson"
}

tokens() {
    attack tokens "$work/tokens.toml" --phases examples,fuzzing --header "Authorization: Bearer ${token[tokens]}" \
        --exclude-path-regex '^/(livez|readyz|healthz)$' &&
        answered tokens 401
}

token[tokens]=$("$digesterd" token schemathesis --scope read,create --append "$work/tokens.txt" 2>"$work/token.log")
start operations
start chains
start tokens "$work/tokens.txt"
# Whether tokens are asked for is left open by the description, and known here. The health routes ask for none in any case.
sed -i 's/^security: .*/security: [{ token: [] }]/' "$work/tokens.yaml"
sed 's/max-examples = [0-9]*/max-examples = 6/' tests/schemathesis.toml >"$work/tokens.toml"

# The two shorter runs go beside the first: what schemathesis does takes one processor.
failed=0
(
    code=0
    chains || code=1
    tokens || code=1
    exit "$code"
) >"$work/beside.out" 2>&1 &
beside=$!
pids+=("$beside")
operations "$@" || failed=1
wait "$beside" || failed=1
# It lists each parameter that a link would have passed on and that was not there, as `account` mostly is: that is no failure.
sed '/^=* Stateful tests =*$/,/^=* SUMMARY =*$/{/ SUMMARY /!d}' "$work/beside.out"
((failed == 0))
