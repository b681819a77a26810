"""Who may come in, over the real processes: tokens, a worker's secret, TLS, and nothing of a token in any output."""

from __future__ import annotations

import json
import ssl
import subprocess
import urllib.request

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import flow_logs
from flow_logs import Window
from processes import Process, binary, free_port, wait_for
from web import call

SECRET = "intake-secret-in-no-output"


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    """Runs the command line with exactly these variables."""
    return subprocess.run(
        [binary("digesterd"), *arguments], env=environment, capture_output=True, text=True, timeout=100
    )


def bearer(token: str) -> dict[str, str]:
    """The header that presents a token."""
    return {"authorization": f"Bearer {token}"}


@pytest.fixture
def tokens(tmp_path):
    """A file of tokens as the command makes it, and the tokens by their names."""
    file, made = tmp_path / "tokens", {}
    for name, *scopes in (
        ("reader", "--scope", "read"),
        ("both", "--scope", "read,create"),
        ("bound", "--scope", "read,create", "--account", flow_logs.ACCOUNT),
    ):
        issued = command("token", name, *scopes, "--append", str(file))
        assert issued.returncode == 0, issued.stderr
        [made[name]] = issued.stdout.split()
        assert made[name] not in issued.stderr
    again = command("token", "reader", "--scope", "read", "--append", str(file))
    assert again.returncode == 1 and "already" in again.stderr and not again.stdout
    assert not [token for token in made.values() if token in file.read_text()]
    return str(file), made


def test_the_command_shows_a_token_and_its_line():
    printed = command("token", "ci", "--scope", "create", "--account", "1,2")
    token, line = printed.stdout.splitlines()
    name, digest, scopes, accounts = line.split()
    assert (name, scopes, accounts) == ("ci", "create", "1,2")
    hashed = hashes.Hash(hashes.SHA256())
    hashed.update(token.encode())
    assert hashed.finalize().hex() == digest
    for wrong in (
        ["a b", "--scope", "read"],
        ["a"],
        ["a", "--scope", "all"],
        ["a", "--scope", "read", "--account", "/"],
    ):
        assert command("token", *wrong).returncode == 2, wrong


def test_without_a_token_nothing_is_answered(own, tokens):
    file, made = tokens
    own.start_api(DIGEST_TOKENS_FILE=file)
    window = Window.fresh()
    for path in ("/", "/v1/digests", "/v1/diff", f"/v1/digests/{window.id()}", "/openapi.yaml", "/metrics", "/no"):
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE"):
            for headers in ({}, bearer("dgst_" + "0" * 64), bearer(made["reader"][:-1]), bearer("reader")):
                answer = call(method, f"{own.api_url}{path}?{window.query}", headers=headers)
                assert answer.status == 401, (method, path, headers)
                assert answer.headers["www-authenticate"].startswith("Bearer ")
    for path in ("/livez", "/readyz", "/healthz"):
        assert call("GET", own.api_url + path).status == 200
    assert own.relay.messages == [] and own.progress.keys() == []


def test_a_token_is_good_for_its_scope_alone(own, tokens):
    file, made = tokens
    own.start_api(DIGEST_TOKENS_FILE=file).start_worker()
    window = Window.fresh()
    flow_logs.write(own.logs, window)

    def ask(method: str, name: str, extra: str = ""):
        return call(method, f"{own.api_url}/?{window.query}{extra}", headers=bearer(made[name]))

    refused = ask("POST", "reader")
    assert refused.status == 403 and "create" in refused.message()
    assert own.relay.messages == []
    assert ask("GET", "reader").status == 404
    assert ask("POST", "both").status == 202
    assert own.relay.release(window.id()).status == 200
    assert ask("GET", "reader").status == 200
    # Bound to an account: the digest of all of them is not its own, by window or by id.
    assert ask("GET", "bound").status == 403 and ask("POST", "bound").status == 403
    by_id = f"{own.api_url}/v1/digests/{window.id()}"
    assert call("GET", by_id, headers=bearer(made["bound"])).status == 404
    assert ask("POST", "bound", f"&account={flow_logs.ACCOUNT}").status == 202
    assert own.relay.release(window.id(f" account={flow_logs.ACCOUNT}")).status == 200
    assert ask("GET", "bound", f"&account={flow_logs.ACCOUNT}").status == 200
    # The commands present theirs.
    start, stop = window.texts
    asked = ["--api", own.api_url, "--start", start, "--stop", stop]
    without = command("get", *asked)
    assert without.returncode == 1 and "DIGESTERD_TOKEN" in without.stderr
    assert command("get", *asked, DIGESTERD_TOKEN=made["reader"]).stdout.startswith("2 ")
    assert command("list", *asked, DIGESTERD_TOKEN=made["reader"]).returncode == 0
    assert command("status", *asked, DIGESTERD_TOKEN=made["reader"]).returncode == 0
    denied = command("create", "--refresh", *asked, DIGESTERD_TOKEN=made["reader"])
    assert denied.returncode == 1 and "scope" in denied.stderr


def test_clients_without_a_token_have_a_door_of_their_own(own, tokens):
    file, _ = tokens
    port = free_port()
    own.start_api(DIGEST_TOKENS_FILE=file, TOKENLESS_PORT=str(port)).start_worker()
    door, window = f"http://127.0.0.1:{port}", Window.fresh()
    flow_logs.write(own.logs, window)
    assert call("POST", f"{own.api_url}/?{window.query}").status == 401
    assert call("POST", f"{door}/?{window.query}").status == 202
    assert own.relay.release(window.id()).status == 200
    assert call("GET", f"{door}/?{window.query}").status == 200
    for path in ("/v1/digests", f"/v1/digests/{window.id()}", "/metrics", "/readyz", "/openapi.yaml"):
        assert call("GET", f"{door}{path}").status == 404, path


def test_a_worker_with_a_secret_takes_jobs_from_its_api_alone(own):
    own.start_worker(DIGEST_INTAKE_SECRET=SECRET)
    window = Window.fresh()
    flow_logs.write(own.logs, window)
    job = {"id": window.id(), "start": window.texts[0], "stop": window.texts[1]}
    for headers in ({}, {"authorization": "Bearer wrong-secret-wrong-secret"}):
        for path in ("/", "/topic/event"):
            assert own.hand_over(job, path, **headers).status == 401
    assert call("GET", f"{own.worker_url}/metrics").status == 401
    assert own.progress.keys() == []
    own.start_api(STREAM_APPLIANCE_ENDPOINT=own.worker_url, STREAM_APPLIANCE_TOPIC=None)
    assert own.post(window).status == 503, "an API that does not know it delivers nothing"
    own.api.stop()
    own.start_api(STREAM_APPLIANCE_ENDPOINT=own.worker_url, STREAM_APPLIANCE_TOPIC=None, DIGEST_INTAKE_SECRET=SECRET)
    assert own.post(window).status == 202
    assert own.when_stored(window).status == 200
    # A daemon knows it as the password of the address that it posts to.
    own.api.stop()
    own.start_api(
        STREAM_APPLIANCE_ENDPOINT=own.worker_url.replace("http://", f"http://any:{SECRET}@"),
        STREAM_APPLIANCE_TOPIC=None,
    )
    other = Window.fresh()
    flow_logs.write(own.logs, other)
    assert own.post(other).status == 202
    for process in own._processes:
        assert SECRET not in process.output()


def test_no_token_is_found_in_any_output(own, tokens, collector):
    """At the finest level, through every answer, with tokens where they belong and where they do not."""
    file, made = tokens
    environment = {
        "DIGEST_TOKENS_FILE": file,
        "DIGEST_INTAKE_SECRET": SECRET,
        "RUST_LOG": "trace",
        "STREAM_APPLIANCE_TOPIC": "jobs",
        **collector.settings,
    }
    own.start_worker(**environment)
    own.start_api(**environment, STREAM_APPLIANCE_ENDPOINT=own.worker_url)
    window = Window.fresh()
    flow_logs.write(own.logs, window)
    stray = "dgst_" + "f" * 64
    shown = []

    def ask(method: str, url: str, headers: dict) -> int:
        answer = call(method, url, headers=headers)
        shown.append(str(answer.headers) + answer.body.decode(errors="replace"))
        return answer.status

    root = f"{own.api_url}/?{window.query}"
    assert ask("POST", root, bearer(made["both"])) == 202
    assert wait_for(lambda: ask("GET", root, bearer(made["reader"])) == 200)
    for method in ("GET", "POST", "PUT"):
        for token in [*made.values(), stray]:
            ask(method, root, bearer(token))
            ask(method, f"{own.api_url}/?token={token}", bearer(made["both"]))
            ask(method, f"{own.api_url}/{token}", {"x-request-id": token, "user-agent": token, **bearer(token)})
            ask(method, f"{own.api_url}/", {"authorization": token, "traceparent": token})
    ask("GET", f"{own.api_url}/metrics", bearer(made["both"]))
    ask("GET", f"{own.worker_url}/metrics", bearer(SECRET))
    with_wrong = command("get", "--api", own.api_url, window.id(), DIGESTERD_TOKEN=stray, RUST_LOG="trace")
    assert with_wrong.returncode == 1
    assert wait_for(lambda: {span.service for span in collector.spans} == {"digesterd-api", "digesterd-worker"})
    outputs = {
        "answers": "\n".join(shown),
        "traces": "\n".join(body.decode("latin-1") for body in collector.bodies),
        "command": with_wrong.stdout + with_wrong.stderr,
        **{process.log.name: process.output() for process in own._processes},
    }
    for name, output in outputs.items():
        for secret in [*made.values(), stray, SECRET]:
            # The first characters would be enough to guess whose it is, and half of it to guess on.
            found = [line for line in output.splitlines() if secret[:24] in line]
            assert not found, (name, found[0][:800])
    named = [json.loads(line) for line in own.api.output().splitlines() if '"token":"reader"' in line]
    assert any(line["message"] == "request" for line in named), "the log says whose token it was"


def test_tls_is_spoken_from_client_to_worker(own, tokens, authority):
    certificate, key = authority
    file, made = tokens
    tls = {"TLS_CERTIFICATE_FILE": certificate, "TLS_KEY_FILE": key}
    context = ssl.create_default_context(cafile=certificate)
    worker, _ = own.start("digesterd-worker", ready="", DIGEST_INTAKE_SECRET=SECRET, **tls)
    api, _ = own.start(
        "digesterd-api",
        ready="",
        STREAM_APPLIANCE_ENDPOINT=f"https://{worker.address()}",
        STREAM_APPLIANCE_TOPIC=None,
        AWS_CA_BUNDLE=certificate,
        DIGEST_INTAKE_SECRET=SECRET,
        DIGEST_TOKENS_FILE=file,
        **tls,
    )
    url = f"https://{api.address()}"
    live = wait_for(lambda: urllib.request.urlopen(f"{url}/livez", context=context, timeout=10))
    assert live.headers["strict-transport-security"]
    with pytest.raises(OSError):
        urllib.request.urlopen(f"{url}/livez", timeout=10)
    window = Window.fresh()
    flow_logs.write(own.logs, window)
    start, stop = window.texts
    told = {"DIGESTERD_API": url, "DIGESTERD_TOKEN": made["both"], "SSL_CERT_FILE": certificate}
    created = command("create", "--wait", "--start", start, "--stop", stop, **told)
    assert created.returncode == 0, created.stderr
    assert created.stdout.strip() == window.id()
    fetched = command("get", window.id(), **told)
    assert fetched.stdout.startswith("2 "), fetched.stderr


def test_check_and_start_name_what_is_wrong_with_tokens_and_certificates(own, tokens, authority, tmp_path):
    file, _ = tokens
    certificate, key = authority
    other = tmp_path / "other.key"
    private = ec.generate_private_key(ec.SECP256R1())
    other.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    broken = tmp_path / "broken"
    broken.write_text("ci 123 read\n")
    sound = {**own.environment(), "DIGEST_TOKENS_FILE": file, "TLS_CERTIFICATE_FILE": certificate, "TLS_KEY_FILE": key}
    good = command("check", "api", **sound)
    assert "tokens" in good.stdout and "3" in good.stdout and "goes with its key" in good.stdout, good.stdout
    for changes, told in (
        ({"DIGEST_TOKENS_FILE": str(broken)}, "line 1"),
        ({"DIGEST_TOKENS_FILE": str(tmp_path / "none")}, "DIGEST_TOKENS_FILE"),
        ({"TLS_KEY_FILE": str(other)}, "not that of the certificate"),
        ({"TLS_CERTIFICATE_FILE": str(tmp_path / "none")}, "TLS_CERTIFICATE_FILE"),
    ):
        settings = {**sound, **changes}
        checked = command("check", "api", **settings)
        assert checked.returncode == 1 and told in checked.stdout, checked.stdout
        process = Process([binary("digesterd-api")], settings, tmp_path / "refused.log")
        assert process.wait(30) == 1
        assert told in process.output()


def test_serve_asks_at_the_workers_addresses_too(tokens, tmp_path):
    file, made = tokens
    window = Window.fresh()
    job = json.dumps({"id": window.id(), "start": window.texts[0], "stop": window.texts[1]}).encode()
    serve = [
        binary("digesterd"),
        "serve",
        "--data",
        str(tmp_path / "data"),
        "--listen-address",
        "127.0.0.1",
        "--port",
        "0",
    ]

    def started(**settings: str) -> tuple[Process, str]:
        process = Process(serve, settings, tmp_path / "serve.log")
        url = f"http://{process.address()}"
        process.wait_until_it_answers(f"{url}/livez")
        return process, url

    process, url = started(DIGEST_TOKENS_FILE=file, DIGEST_INTAKE_SECRET=SECRET)
    try:
        for headers, status in (
            ({}, 401),
            (bearer(SECRET), 401),
            (bearer(made["reader"]), 403),
            (bearer(made["bound"]), 403),
            (bearer(made["both"]), 200),
        ):
            assert call("POST", f"{url}/topic/event", job, headers).status == status, headers
    finally:
        process.stop()
    (tmp_path / "serve.log").unlink()
    process, url = started(DIGEST_INTAKE_SECRET=SECRET)
    try:
        assert call("POST", f"{url}/topic/event", job).status == 401
        assert call("POST", f"{url}/topic/event", job, bearer(SECRET)).status == 200
        assert call("GET", f"{url}/v1/digests?{window.query}").status == 200
    finally:
        process.stop()
