#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The life of a running signetd: reload, stop, a token process that dies,
socket activation, and who its clients are."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import threading
import time

from lab import (MODULE, PIN, WEB, Daemon, Lab, Skip, expect, expect_in,
                 rss_kib, run, run_tests, stand_still, until)

API = {**WEB, "name": "api"}


def test_socket_mode_and_group(lab):
    cfg = lab.config(socket={"path": str(lab.socket), "mode": "0600"})
    with lab.running(cfg):
        info = lab.socket.stat()
        expect(stat.S_IMODE(info.st_mode), 0o600)
    if os.getuid() == 0:
        cfg = lab.config(socket={"path": str(lab.socket), "mode": "0666",
                                 "owner": "daemon", "group": "1234"})
        with lab.running(cfg):
            info = lab.socket.stat()
            expect((info.st_uid, info.st_gid), (1, 1234))
            expect(stat.S_IMODE(info.st_mode), 0o666)


def test_peers_are_known(lab):
    if os.getuid() != 0:
        raise Skip("needs root, to become another user")
    cfg = lab.config(socket={"path": str(lab.socket), "mode": "0666"})
    lab.dir.chmod(0o755)
    with lab.running(cfg) as daemon:
        client = subprocess.Popen(
            ["curl", "-sS", "--unix-socket", str(lab.socket),
             "http://localhost/v1/sys/health"], user=65534, group=65533,
            extra_groups=[], stdout=subprocess.DEVNULL)
        expect(client.wait(10), 0)
        daemon.wait_line("request", "uid=65534 gid=65533",
                         f"pid={client.pid} ")


def test_connections_per_user(lab):
    cfg = lab.config(limits={"connections_per_uid": "2"})
    with lab.running(cfg):
        held = [lab.connect() for _ in range(2)]
        for conn in held:
            conn.request("GET", "/v1/sys/health")
            expect(conn.getresponse().status, 200)
        answer = lab.ask("GET", "/v1/sys/health")
        expect(answer.status, 429)
        expect(answer.headers["Retry-After"], "1")
        for conn in held:
            conn.close()


def test_hangup_reads_roles_again(lab):
    with lab.running() as daemon:
        expect(lab.issue("api").status, 400)
        lab.write_config(lab.config(roles=[API]))
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_line("reloaded", "roles=1")
        expect(lab.issue("api").status, 200)
        expect(lab.issue("web").status, 400)


def test_hangup_with_a_bad_file_keeps_the_roles(lab):
    with lab.running() as daemon:
        lab.write("signetd.yaml", "roles: [\n")
        daemon.process.send_signal(signal.SIGHUP)
        line = daemon.wait_line("reload_failed", "kept=old")
        expect_in("signetd.yaml", line)
        expect(lab.issue("web").status, 200)
        bad = lab.config(roles=[{**WEB, "ttl": "48h", "max_ttl": "1h"}])
        lab.write_config(bad)
        daemon.process.send_signal(signal.SIGHUP)
        line = daemon.wait_line("reload_failed", after=1)
        expect_in("ttl", line)
        expect(lab.issue("web").status, 200)
        (lab.dir / "signetd.yaml").unlink()
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_line("reload_failed", after=2)
        expect(lab.issue("web").status, 200)


def test_hangup_says_what_needs_a_restart(lab):
    with lab.running() as daemon:
        lab.write_config(lab.config(limits={"connections": "7"}))
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_line("reload_partial", "changed=limits")
        issuers = lab.config()["issuers"] + lab.issuer_config(name="second")
        lab.write_config(lab.config(
            issuers=issuers, roles=[{**WEB, "issuer_ref": "second"}]))
        daemon.process.send_signal(signal.SIGHUP)
        line = daemon.wait_line("reload_failed", "second")
        expect_in("restart", line)
        expect(lab.issue("web").status, 200)


def load(lab, stop, results, role="web"):
    """Issue on one connection after the other until stop; the statuses."""
    body = json.dumps({"common_name": "www.example.com"})
    conn = lab.connect()
    while not stop.is_set():
        try:
            conn.request("POST", f"/v1/pki/issue/{role}", body)
            answer = conn.getresponse()
            raw = answer.read()
            results.append((answer.status, raw, time.monotonic()))
            if answer.headers.get("Connection") == "close":
                conn.close()
            if answer.status == 503:
                time.sleep(0.01)
        except (OSError, ConnectionError) as why:
            results.append((None, repr(why), time.monotonic()))
            conn.close()
            conn = lab.connect()
        except Exception as why:  # pylint: disable=broad-except
            results.append((None, repr(why), time.monotonic()))
            return


def start_load(lab, threads, role="web"):
    stop = threading.Event()
    results = [[] for _ in range(threads)]
    workers = [threading.Thread(target=load, args=(lab, stop, r, role))
               for r in results]
    for worker in workers:
        worker.start()

    def end():
        stop.set()
        for worker in workers:
            worker.join(30)
        return [x for part in results for x in part]
    return results, end


def test_stop_finishes_what_is_in_flight(lab):
    daemon = lab.start()
    results, end = start_load(lab, 8)
    until(lambda: sum(map(len, results)) > 100, 20, "load")
    daemon.process.send_signal(signal.SIGTERM)
    code = daemon.process.wait(10)
    all_results = end()
    expect(code, 0)
    daemon.reader.join(5)
    daemon.wait_line("stopped", "unfinished=0")
    # Whoever was answered was answered well; whoever came too late was not
    # answered at all.
    for status, raw, _ in all_results:
        if status is None:
            continue
        expect(status, 200, raw)
        expect_in("-----END CERTIFICATE-----",
                  json.loads(raw)["data"]["certificate"])
    logged = [line for line in daemon.lines("request", "status=200")
              if "delivered=no" not in line]
    expect(len(logged), len([r for r in all_results if r[0] == 200]),
           "answers on both sides")
    expect(lab.socket.exists(), False)


def test_stop_with_idle_and_slow_clients(lab):
    daemon = lab.start(lab.config(limits={"stop_timeout_ms": "1500",
                                          "read_timeout_ms": "30000"}))
    idle = lab.connect()
    idle.request("GET", "/v1/sys/health")
    idle.getresponse().read()
    begun = time.monotonic()
    expect(daemon.stop(), 0)
    assert time.monotonic() - begun < 1.2, "an idle connection held it up"
    idle.close()

    daemon = lab.start(lab.config(limits={"stop_timeout_ms": "1500",
                                          "read_timeout_ms": "30000"}))
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as slow:
        slow.connect(str(lab.socket))
        slow.send(b"POST /v1/pki/issue/web HTTP/1.1\r\n")
        time.sleep(0.1)
        begun = time.monotonic()
        expect(daemon.stop(), 0)
        took = time.monotonic() - begun
    assert 1 < took < 5, f"stop_timeout_ms 1500 took {took}"
    expect(len(daemon.lines("stopped", "unfinished=1")), 1)


def test_stop_while_the_token_hangs(lab):
    daemon = lab.start(lab.config(limits={"stop_timeout_ms": "1000"}))
    token = daemon.token_pid()
    stand_still(token)
    answers = []
    client = threading.Thread(
        target=lambda: answers.append(lab.issue()))
    client.start()
    time.sleep(0.3)
    begun = time.monotonic()
    expect(daemon.stop(), 0)
    assert time.monotonic() - begun < 6
    client.join(10)
    expect(answers[0].status, 503, answers[0].raw)
    expect_in("request", answers[0].errors[0])


def test_token_process_killed_under_load(lab):
    with lab.running() as daemon:
        kill_under_load(lab, daemon)


def kill_under_load(lab, daemon):
    results, end = start_load(lab, 8)
    longest = 0.0
    for _ in range(3):
        seen = sum(map(len, results))
        until(lambda n=seen: sum(map(len, results)) > n + 200, 20, "load")
        os.kill(daemon.token_pid(), signal.SIGKILL)
        killed = time.monotonic()

        def back(since=killed):
            return any(r[0] == 200 and r[2] > since + 0.05
                       for part in results for r in part[-20:])
        until(back, 10, "service after kill -9")
        longest = max(longest, time.monotonic() - killed)
    all_results = end()
    for status, raw, _ in all_results:
        assert status in (200, 503), (status, raw)
        if status == 503:
            assert set(json.loads(raw)) == {"errors"}
    good = [json.loads(r[1])["data"] for r in all_results if r[0] == 200]
    assert len(good) > 600
    serials = {data["serial_number"] for data in good}
    expect(len(serials), len(good), "serial numbers")
    for data in good[::len(good) // 20]:
        lab.verify(data["certificate"], data["private_key"])
    health = lab.ask("GET", "/v1/sys/health").json["tokens"][0]
    expect((health["state"], health["restarts"]), ("up", 3))
    assert longest < 2, f"{longest} s until signatures came again"
    print(f"# back after {longest:.2f} s at most, "
          f"{sum(r[0] == 503 for r in all_results)} of {len(all_results)} "
          "requests got 503")


def test_rsa_keys_do_not_hold_up_others(lab):
    roles = [WEB, {"name": "slow", "allow_any_name": True, "key_type": "rsa",
                   "key_bits": "4096", "ttl": "1h"}]
    with lab.running(lab.config(roles=roles)) as daemon:
        _, end = start_load(lab, 4, "slow")
        took = []
        for _ in range(100):
            begun = time.monotonic()
            expect(lab.issue().status, 200)
            took.append(time.monotonic() - begun)
        took.sort()
        assert took[90] < 0.1, took
        expect(daemon.stop(), 0)
        for status, raw, _ in end():
            if status == 200:
                lab.verify(json.loads(raw)["data"]["certificate"])
            else:
                assert status in (503, None), (status, raw)


def check_down(lab):
    def down():
        answer = lab.ask("GET", "/v1/sys/health")
        return answer if answer.status == 503 else None
    answer = until(down, 10, "sealed")
    expect(answer.json["sealed"], True)
    assert answer.json["tokens"][0]["reason"] != ""
    expect(lab.ask("GET", "/v1/sys/health?sealedcode=299").status, 299)
    expect(lab.ask("GET", "/v1/sys/seal-status").json["sealed"], True)
    # Those that came while the first restart was tried have waited for it.
    expect(lab.issue().status, 503)
    begun = time.monotonic()
    answer = lab.issue()
    assert time.monotonic() - begun < 0.5, "503 took its time"
    expect(answer.status, 503)
    assert int(answer.headers["Retry-After"]) >= 1
    # What the caller did wrong is still the caller's.
    expect(lab.issue(common_name="www.example.org").status, 400)
    expect(lab.ask("GET", "/v1/pki/ca/pem").status, 200)


def test_token_that_cannot_come_back(lab):
    moved = lab.dir / "tokens-away"
    with lab.running() as daemon:
        (lab.dir / "tokens").rename(moved)
        try:
            os.kill(daemon.token_pid(), signal.SIGKILL)
            check_down(lab)
        finally:
            moved.rename(lab.dir / "tokens")
        until(lambda: lab.issue().status == 200, 30, "token back")


def objects(lab, *args):
    return run("pkcs11-tool", "--module", MODULE, "--token-label",
               "demo-issuing", "--login", "--pin", PIN, *args, env=lab.env)


def test_a_key_that_was_exchanged(lab):
    """Somebody put another key where the CA's was. That is no fault of who
    asks, and no refusal of a guard."""
    lab.make_intermediate("victim", "ec-p256", lab.dir / "victim.pem")
    issuers = lab.issuer_config(key="victim",
                                certificate=str(lab.dir / "victim.pem"))
    with lab.running(lab.config(issuers=issuers)) as daemon:
        expect(lab.issue().status, 200)
        expect(lab.issue(common_name="www.example.org").status, 400)
        key_id = re.search(r"label: +victim\n.*?ID: +([0-9a-f]+)", objects(
            lab, "--list-objects", "--type", "privkey").stdout, re.S).group(1)
        for kind in ("privkey", "pubkey"):
            objects(lab, "--delete-object", "--type", kind, "--id", key_id)
        objects(lab, "--keypairgen", "--key-type", "EC:prime256v1", "--label",
                "victim", "--id", key_id)
        os.kill(daemon.token_pid(), signal.SIGKILL)
        line = daemon.wait_line("event=key_lost", "key=victim")
        expect_in("level=err", line)
        until(lambda: lab.ask("GET", "/v1/sys/health").status == 200, 10, "up")
        answer = lab.issue()
        expect(answer.status, 503, answer.raw)
        expect("key" in answer.errors[0], False, answer.errors)
        line = daemon.wait_line("event=request", "status=503", "rc=TOKEN")
        expect_in('key \\"victim\\"', line)


def activate(lab, **kwargs):
    return Daemon(lab, lab.write_config(lab.config(
        socket={"path": "/nonexistent/unused.sock"})),
        prefix=("systemd-socket-activate", "-E", "SOFTHSM2_CONF", "-l",
                str(lab.socket)),
        args=(), **kwargs)


def test_socket_activation(lab):
    if not any(os.access(f"{p}/systemd-socket-activate", os.X_OK)
               for p in os.environ["PATH"].split(":")):
        raise Skip("systemd-socket-activate is not installed")
    daemon = activate(lab)
    lab.daemons.append(daemon)
    until(lab.socket.exists, 5, "socket of systemd-socket-activate")
    try:
        expect(lab.issue().status, 200)
        daemon.wait_line("ready", "socket=systemd")
        expect(daemon.stop(), 0)
        expect(lab.socket.exists(), True, "systemd's socket is systemd's")
    finally:
        daemon.kill()
        lab.socket.unlink()


class Notify:
    """What a service tells systemd."""

    def __init__(self, lab):
        self.path = str(lab.dir / "notify.sock")
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind(self.path)
        self.sock.settimeout(20)

    def next(self):
        return self.sock.recv(4096).decode()

    def close(self):
        self.sock.close()
        os.unlink(self.path)


def test_notification(lab):
    notify = Notify(lab)
    daemon = lab.start(env={"NOTIFY_SOCKET": notify.path,
                            "WATCHDOG_USEC": "200000"})
    expect_in("READY=1", notify.next())
    expect(notify.next(), "WATCHDOG=1")
    expect(notify.next(), "WATCHDOG=1")
    daemon.process.send_signal(signal.SIGHUP)

    def word():
        said = notify.next()
        return None if said == "WATCHDOG=1" else said
    expect_in("RELOADING=1\nMONOTONIC_USEC=", until(word, 5, "RELOADING"))
    expect_in("READY=1", until(word, 5, "READY"))
    daemon.process.send_signal(signal.SIGTERM)
    expect_in("STOPPING=1", until(word, 5, "STOPPING"))
    expect(daemon.process.wait(10), 0)
    notify.close()


def test_memory_with_200_connections(lab):
    if "asan" in os.environ.get("SIGNET_TEST_SANITIZER", "") \
            or os.environ.get("SIGNET_TEST_SANITIZER"):
        raise Skip("sanitizers need memory of their own")
    with lab.running() as daemon:
        held = [lab.connect() for _ in range(200)]
        body = json.dumps({"common_name": "www.example.com"})
        for _ in range(3):
            for conn in held:
                conn.request("POST", "/v1/pki/issue/web", body)
            for conn in held:
                expect(conn.getresponse().read()[:1], b"{")
        ours = rss_kib(daemon.process.pid)
        its = rss_kib(daemon.token_pid())
        print(f"# resident: signetd {ours} KiB, signet-token {its} KiB")
        for conn in held:
            conn.close()
        assert ours + its <= 40 * 1024, (ours, its)


def test_no_secret_in_the_log(lab):
    with lab.running(args=("--verbose",)) as daemon:
        data = lab.issue().data
        key = "".join(data["private_key"].splitlines()[1:3])
        daemon.wait_line("request", "status=200")
        text = "\n".join(daemon.log)
        assert key[:40] not in text
        assert "PRIVATE KEY" not in text
        assert (lab.dir / "pin").read_text().strip() not in text


def test_process_is_not_dumpable(lab):
    with lab.running() as daemon:
        with open(f"/proc/{daemon.process.pid}/limits",
                  encoding="ascii") as limits:
            core = [x for x in limits if x.startswith("Max core")][0]
        expect(core.split()[4:6], ["0", "0"])


TESTS = [value for name, value in list(globals().items())
         if name.startswith("test_")]

if __name__ == "__main__":
    with Lab() as laboratory:
        run_tests(TESTS, laboratory)
