#!/usr/bin/env bash
# Attacks a real digesterd-api process with what api.yaml says may be sent, and with what it says may not: all checks,
# 100 examples an operation and phase. tests/schemathesis.toml holds the few expectations, each with its reason.
#
#   scripts/schemathesis.sh             needs schemathesis in $SCHEMATHESIS, .venv/bin or PATH; installs nothing
#   DIGESTERD_API=path …                a binary that is built already
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
    cargo build --locked -p digesterd-api
    api=${CARGO_TARGET_DIR:-target}/debug/digesterd-api
fi

work=$(mktemp -d)
pids=()
stop() {
    for pid in "${pids[@]}"; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap stop EXIT

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

# The digest of the window that api.yaml's examples ask for, so that they are answered with one.
mkdir -p "$work/storage" "$work/progress"
echo "2 123456789010 eni-1 172.31.16.139 172.31.16.21 0 80 6 20 1000 1539734400 1539738000 ACCEPT OK" |
    gzip -n >"$work/storage/7869fe53-0b48-5a77-9358-32a82efe8858.log.gz"

for _ in $(seq 100); do
    [[ -s "$work/queue" ]] && break
    sleep 0.1
done
: >"$work/api.log" # It is read before the process may have begun.
PORT=0 LISTEN_ADDRESS=127.0.0.1 \
    DIGEST_STORAGE_BUCKET="file://$work/storage" DIGEST_PROGRESS_BUCKET="file://$work/progress" \
    STREAM_APPLIANCE_ENDPOINT="http://127.0.0.1:$(cat "$work/queue")" STREAM_APPLIANCE_TOPIC=digests \
    "$api" >"$work/api.log" 2>&1 &
pids+=($!)
address=
for _ in $(seq 100); do
    address=$(sed -n 's/.*"message":"listening".*"address":"\([^"]*\)".*/\1/p' "$work/api.log" | head -1)
    [[ -n "$address" ]] && break
    sleep 0.1
done
if [[ -z "$address" ]]; then
    echo "digesterd-api does not listen:" >&2
    cat "$work/api.log" >&2
    exit 1
fi

if ! "$schemathesis" --config-file tests/schemathesis.toml run api.yaml --url "http://$address" "$@"; then
    echo "the last lines of digesterd-api:" >&2
    tail -n 20 "$work/api.log" >&2
    exit 1
fi
