#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A CA on other PKCS#11 modules than SoftHSM's own: through p11-kit's proxy,
over p11-kit's socket, through OpenSC's spy, on NSS, a TPM and opencryptoki."""

import glob
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import threading
import time

import lab as e2e
from lab import PIN, expect, expect_in, run


def find(*patterns):
    """The first file that is there; the test is skipped without any."""
    for pattern in patterns:
        hits = sorted(glob.glob(pattern))
        if hits:
            return hits[0]
    raise e2e.Skip(f"{pathlib.Path(patterns[0]).name} is not installed")


def program(name):
    path = shutil.which(name)
    if path is None:
        raise e2e.Skip(f"{name} is not installed")
    return path


class Other(e2e.Lab):
    """A laboratory with one token, which some other module shows."""

    # pylint: disable=super-init-not-called
    def __init__(self, module, token="demo", pin=PIN):
        self.module = module
        self.token = token
        self.init_args = None
        self.prefix = []  # before each program that loads the module
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="signet-e2e-"))
        self.socket = self.dir / "signetd.sock"
        self.pin = self.write("pin", pin + "\n", 0o600)
        (self.dir / "guards").mkdir(mode=0o700)
        self.env = dict(os.environ)
        self.daemons = []
        self.servers = []

    def close(self):
        super().close()
        for server in reversed(self.servers):
            server.terminate()
            server.wait(10)

    def serve(self, *argv):
        """A program that has to run beside."""
        log = open(self.dir / "server.log", "a", encoding="utf-8")
        with log:
            self.servers.append(subprocess.Popen(
                [str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, env=self.env))

    def signet(self, *args, **kwargs):
        return run(*self.prefix, e2e.SIGNET, *args, env=self.env, **kwargs)

    def softhsm(self):
        (self.dir / "tokens").mkdir()
        conf = self.write("softhsm2.conf",
                          f"directories.tokendir = {self.dir}/tokens\n"
                          "objectstore.backend = file\nlog.level = ERROR\n")
        self.env["SOFTHSM2_CONF"] = str(conf)
        run("softhsm2-util", "--init-token", "--free", "--label", self.token,
            "--so-pin", PIN, "--pin", PIN, env=self.env)

    def args(self):
        more = ["--init-args", self.init_args] if self.init_args else []
        return ["--module", self.module, *more, "--token-program",
                e2e.SIGNET_TOKEN]

    def common_args(self):
        return [*self.args(), "--guards", self.dir / "guards"]

    def make_ca(self, key_type):
        self.signet("ca", "root", "--key", "root", "--generate", key_type,
                    "--subject", "CN=Demo Root,O=Example,C=DE", "--validity",
                    "3650d", "--out", self.dir / "root.pem",
                    *self.token_args(self.token), *self.common_args())
        self.signet("ca", "intermediate", "--key", "issuing", "--generate",
                    key_type, "--subject", "CN=Demo Issuing CA,O=Example,C=DE",
                    "--validity", "30d", "--path-length", "0",
                    "--permit-dns", "example.com",
                    "--out", self.dir / "issuing.pem",
                    "--issuer-key", "root", "--issuer-cert",
                    self.dir / "root.pem",
                    *self.token_args(self.token, "--issuer-"),
                    *self.token_args(self.token), *self.common_args())

    def token_entry(self):
        entry = {"name": "issuing", "module": str(self.module),
                 "uri": "pkcs11:token=" + self.token.replace(" ", "%20"),
                 "pin_source": f"file:{self.pin}",
                 "guards": str(self.dir / "guards")}
        if self.init_args:
            entry["init_args"] = self.init_args
        return entry

    def wrong_pin(self):
        wrong = self.write("wrong", "0000000", 0o600)
        done = self.signet("key", "list", "--token", self.token,
                           "--pin-source", f"file:{wrong}",
                           *self.common_args(), check=False)
        expect(done.returncode, 77, done.stderr)
        expect_in("C_Login: CKR_PIN_INCORRECT", done.stderr)

    def live(self, key_type="ec-p256"):
        """From the empty token to certificates, twice started."""
        expect_in(self.token, self.signet("token", "list",
                                          *self.args()).stdout)
        self.make_ca(key_type)
        run("openssl", "verify", "-x509_strict", "-CAfile",
            self.dir / "root.pem", self.dir / "issuing.pem")
        self.wrong_pin()
        cfg = self.config(tokens=[self.token_entry()])
        for _ in range(2):
            with self.running(cfg, prefix=self.prefix):
                data = self.issue().data
                self.verify(data["certificate"], data["private_key"])

    def oracle(self, type_name):
        """pkcs11-tool sees the keys and what they may do."""
        out = run(*self.prefix, "pkcs11-tool", "--module", self.module,
                  "--token-label", self.token, "--login", "--pin",
                  self.pin.read_text().strip(), "-O", "--type", "privkey",
                  env=self.env).stdout
        expect(out.count(f"Private Key Object; {type_name}"), 2, out)
        expect(out.count("Usage:      sign\n"), 2, out)
        expect(out.count("sensitive, always sensitive, never extractable, "
                         "local"), 2, out)


class Relay:
    """What `p11-kit server` does, with ends that can be cut: each connection
    gets a `p11-kit remote` of its own."""

    def __init__(self, path, argv, env):
        self.argv, self.env = argv, env
        self.remotes = []
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(str(path))
        self.socket.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                self.remotes.append(subprocess.Popen(
                    self.argv, stdin=connection, stdout=connection,
                    env=self.env))

    def cut(self):
        for remote in self.remotes:
            remote.kill()
            remote.wait(10)
        self.remotes = []

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.cut()


def two_ports():
    """Numbers of two free TCP ports, one after the other: the first."""
    while True:
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
            try:
                two.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


LIBS = ("/usr/lib/*-linux-gnu/", "/usr/lib64/", "/usr/lib/")


def library(name):
    return find(*(folder + sub + name for folder in LIBS
                  for sub in ("", "pkcs11/")))


def test_p11_kit_proxy(_):
    with Other(library("p11-kit-proxy.so")) as lab:
        lab.softhsm()
        lab.live()
        lab.oracle("EC")


def test_p11_kit_remote(_):
    with Other(library("p11-kit-client.so")) as lab:
        lab.softhsm()
        lab.serve(program("p11-kit"), "server", "-f", "-n", lab.dir / "p11",
                  "--provider", e2e.MODULE, f"pkcs11:token={lab.token}")
        e2e.until((lab.dir / "p11").exists, what="p11-kit server")
        lab.env["P11_KIT_SERVER_ADDRESS"] = f"unix:path={lab.dir}/p11"
        lab.live("rsa-2048")
        lab.oracle("RSA")


def test_p11_kit_remote_ends(_):
    """The other end goes away and comes back: so does the token."""
    with Other(library("p11-kit-client.so")) as lab:
        lab.softhsm()
        argv = [program("p11-kit"), "remote", "--provider", e2e.MODULE,
                f"pkcs11:token={lab.token}"]
        path = lab.dir / "p11"
        relay = Relay(path, argv, lab.env)
        lab.env["P11_KIT_SERVER_ADDRESS"] = f"unix:path={path}"
        try:
            lab.make_ca("ec-p256")
            with lab.running(lab.config(tokens=[lab.token_entry()])) as daemon:
                expect(lab.issue().status, 200)
                relay.cut()
                expect(lab.issue().status in (200, 503), True)
                e2e.until(lambda: lab.issue().status == 200, 20, "recovery")
                expect(daemon.lines("signal 13"), [])
        finally:
            relay.close()


def test_opensc_spy(_):
    with Other(library("pkcs11-spy.so")) as lab:
        lab.softhsm()
        lab.env["PKCS11SPY"] = e2e.MODULE
        lab.env["PKCS11SPY_OUTPUT"] = str(lab.dir / "spy.log")
        lab.live("ed25519")
        expect_in("C_Sign\n", (lab.dir / "spy.log").read_text())


def test_nss(_):
    with Other(library("libsoftokn3.so"), "NSS Certificate DB") as lab:
        (lab.dir / "nss").mkdir()
        run(program("certutil"), "-N", "-d", f"sql:{lab.dir}/nss", "-f",
            lab.pin)
        done = lab.signet("token", "list", *lab.args(), check=False)
        expect_in("C_Initialize: CKR_ARGUMENTS_BAD: the module wants "
                  "init-args of its own", done.stderr)
        lab.init_args = (f"configdir='sql:{lab.dir}/nss' certPrefix='' "
                         "keyPrefix='' secmod='secmod.db' flags=")
        lab.live()


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def tpm(lab):
    """A TPM in software, its resource manager, and the bus between them."""
    (lab.dir / "tpm").mkdir()
    (lab.dir / "store").mkdir()
    port = two_ports()
    bus = f"unix:path={lab.dir}/bus"
    lab.env |= {"DBUS_SESSION_BUS_ADDRESS": bus, "TSS2_LOG": "all+NONE",
                "TPM2_PKCS11_STORE": str(lab.dir / "store"),
                "TPM2_PKCS11_LOG_LEVEL": "0",
                "TPM2_PKCS11_TCTI": "tabrmd:bus_type=session"}
    lab.serve(program("dbus-daemon"), "--session", "--nofork",
              f"--address={bus}")
    lab.serve(program("swtpm"), "socket", "--tpm2", "--tpmstate",
              f"dir={lab.dir}/tpm", "--server", f"type=tcp,port={port}",
              "--ctrl", f"type=tcp,port={port + 1}", "--flags",
              "not-need-init,startup-clear")
    e2e.until((lab.dir / "bus").exists, what="dbus-daemon")
    # The resource manager tries once.
    e2e.until(lambda: listens(port + 1), what="swtpm")
    lab.serve(program("tpm2-abrmd"), "--session", "--allow-root",
              f"--tcti=swtpm:host=127.0.0.1,port={port}")
    def there():
        done = lab.signet("token", "list", *lab.args(), check=False)
        return done.returncode == 0 or time.sleep(0.2)
    e2e.until(there, 30, "TPM")
    lab.signet("token", "init", "--label", lab.token, "--so-pin-source",
               f"file:{lab.pin}", "--pin-source", f"file:{lab.pin}",
               *lab.args())


def test_tpm(_):
    if os.environ.get("SIGNET_TEST_SANITIZER") == "thread":
        raise e2e.Skip("the thread sanitizer does not know the locks of glib, "
                       "whose thread the module starts")
    for key_type, name in (("ec-p256", "EC"), ("rsa-2048", "RSA ")):
        with Other(library("libtpm2_pkcs11.so")) as lab:
            tpm(lab)
            lab.live(key_type)
            lab.oracle(name)


# Its tokens, locks and shared memory lie where the machine's own would.
OPENCRYPTOKI = """
mount -t tmpfs none /var/lib/opencryptoki
mount -t tmpfs none /run
mount -t tmpfs none /dev/shm
mkdir -p /var/lib/opencryptoki/swtok/TOK_OBJ /run/lock/opencryptoki/swtok
chgrp -R pkcs11 /var/lib/opencryptoki /run/lock/opencryptoki
chmod -R 770 /var/lib/opencryptoki /run/lock/opencryptoki
exec pkcsslotd -f
"""


def test_opencryptoki(_):
    module = library("libopencryptoki.so")
    slotd = program("pkcsslotd")
    if run("unshare", "-m", "-i", "true", check=False).returncode != 0:
        raise e2e.Skip("no namespace of its own: not root")
    with Other(module, pin="4711demo") as lab:
        so_pin = lab.write("so-pin", "87654321\n", 0o600)
        lab.env["PATH"] += ":" + os.path.dirname(slotd)
        lab.serve("unshare", "-m", "-i", "sh", "-ec", OPENCRYPTOKI)
        pid = lab.servers[0].pid
        # Not before: the machine's own token must not be touched.
        e2e.until(lambda: all(os.readlink(f"/proc/{pid}/ns/{ns}")
                              != os.readlink(f"/proc/self/ns/{ns}")
                              for ns in ("mnt", "ipc")), what="namespaces")
        lab.prefix = ["nsenter", "-m", "-i", "-t", str(pid)]

        def there():
            done = lab.signet("token", "list", *lab.args(), check=False)
            return "IBM SoftTok" in done.stdout or time.sleep(0.2)
        e2e.until(there, 15, "opencryptoki")
        lab.signet("token", "init", "--label", lab.token, "--so-pin-source",
                   f"file:{so_pin}", "--pin-source", f"file:{lab.pin}",
                   *lab.args())
        lab.live("rsa-2048")
        lab.oracle("RSA")


if __name__ == "__main__":
    e2e.run_tests([
        test_p11_kit_proxy,
        test_p11_kit_remote,
        test_p11_kit_remote_ends,
        test_opensc_spy,
        test_nss,
        test_tpm,
        test_opencryptoki,
    ], None)
