#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The signet command line against real SoftHSM tokens and a real signetd."""

import json
import os
import pathlib
import pty
import re
import stat
import subprocess
import time

from lab import (MODULE, SIGNET, SIGNET_TOKEN, Lab, expect, expect_in, run,
                 run_tests)

SOURCE = pathlib.Path(__file__).resolve().parents[2]
COMMANDS = ["token list", "token init", "token info", "token check",
            "key generate", "key list", "key show", "key guard", "ca root",
            "ca intermediate", "cert lint", "issue", "sign", "health"]
KEY_TYPES = ["ec-p256", "ec-p384", "ec-p521", "rsa-2048", "rsa-3072",
             "rsa-4096", "ed25519"]


def refused(lab, code, message, *args, hint=None, env=None):
    """signet must fail: exit code, first line, next step."""
    done = run(SIGNET, *args, check=False, env=env or lab.env)
    lines = done.stderr.splitlines()
    expect(done.returncode, code, done.stderr)
    expect(done.stdout, "", "standard output")
    expect(lines[0].startswith("signet: "), True, lines)
    expect_in(message, lines[0])
    hints = [line for line in lines if line.startswith("hint: ")]
    if hint is not None:
        expect_in(hint, "\n".join(hints))
    expect(len(lines), 1 + len(hints), lines)
    return done


def issuing(lab):
    return [*lab.token_args("demo-issuing"), *lab.common_args()]


def root_of(lab):
    return [*lab.token_args("demo-root"), *lab.common_args()]


def module():
    return ["--module", MODULE, "--token-program", SIGNET_TOKEN]


def get_json(lab, *args):
    return json.loads(lab.signet(*args, "--json").stdout)


def x509(path, *args):
    return run("openssl", "x509", "-in", path, "-noout", *args).stdout


def verified(lab, path, *untrusted):
    more = [x for cert in untrusted for x in ("-untrusted", cert)]
    expect_in(": OK", run("openssl", "verify", "-x509_strict", "-CAfile",
                          lab.dir / "root.pem", *more, path).stdout)


# --- words and help --------------------------------------------------------

def test_version_and_help(lab):
    expect_in("signet 0.", lab.signet("--version").stdout)
    overview = lab.signet("help").stdout
    expect(lab.signet("--help").stdout, overview)
    for command in COMMANDS:
        expect_in(f"  {command} ", overview)
        text = lab.signet("help", *command.split()).stdout
        expect(lab.signet(*command.split(), "--help").stdout, text)
        usage = text.splitlines()[0]
        expect(usage.startswith(f"usage: signet {command} "), True, usage)
        expect(usage.endswith("[options]"), True, usage)
        expect_in("\nExamples\n", text)
        expect(max(map(len, text.splitlines())) <= 80, True, command)
    expect_in("  key show ", lab.signet("help", "key").stdout)
    expect(lab.signet("key", "--help").stdout, lab.signet("help", "key").stdout)
    bundles = lab.signet("ceremony", "bundle").stdout
    expect_in("usage: signet ceremony bundle COMMAND", bundles)
    expect_in("  ceremony bundle unpack ", bundles)
    for more in (("help", "ceremony", "bundle"),
                 ("ceremony", "bundle", "--help")):
        expect(lab.signet(*more).stdout, bundles)
    # summaries stand below one another
    expect(len({re.match(r"  (?:[a-z]+ )+ *", line).end()
                for line in overview.split("Commands\n")[1].split("\n\n")[0]
                .splitlines()}), 1, overview)
    for command in COMMANDS:
        text = lab.signet("help", *command.split()).stdout
        for option in text.split("\n  --"):
            said = " ".join(option.split()).count("may be given again")
            expect(said <= 1, True, option)
        expect(max(map(len, text.splitlines())) <= 80, True, command)


def test_unknown_words_get_the_nearest(lab):
    refused(lab, 64, "'tokn list': no such command", "tokn", "list",
            hint='did you mean "signet token list"?')
    refused(lab, 64, "'issuee': no such command", "issuee",
            hint='did you mean "signet issue"?')
    refused(lab, 64, "'key frobnicate': no such command", "key", "frobnicate",
            hint='"signet help key" lists its commands')
    refused(lab, 64, "'frobnicate': no such command", "frobnicate",
            hint='"signet help" lists the commands')
    refused(lab, 64, "'': no such command", "")
    refused(lab, 64, "'frobnicate': no such command", "help", "frobnicate")
    refused(lab, 64, "key list: --tokne: no such option", "key", "list",
            "--tokne", "x", hint="did you mean --token?")


def test_every_option_is_in_the_manual(lab):
    for command in commands_of(lab):
        page = "signet-ceremony.1" if command.startswith("ceremony ") \
            else "signet.1"
        manual = (SOURCE / "man" / page).read_text()
        text = lab.signet("help", *command.split()).stdout
        expect(max(map(len, text.splitlines())) <= 80, True, command)
        options = re.findall(r"^  --([a-z0-9-]+)", text, re.M)
        expect(len(options) >= 3, True, command)
        part = manual.split(f".Ss signet {command}\n")[1].split("\n.Ss ")[0]
        if page == "signet.1":
            part = manual  # what commands share is written once
        for option in set(options) - {"json", "verbose", "help"}:
            expect_in(f"Fl -{option}", part, command)
        words = re.findall(r"^  ([A-Z]+) {2,}", text, re.M)
        for word in words if page != "signet.1" else ():
            expect_in(f".It Ar {word}", part, command)


def commands_of(lab):
    text = lab.signet("help").stdout.split("\nCommands\n")[1]
    return re.findall(r"^  ([a-z ]+?) +[A-Z]", text.split("\n\n")[0], re.M)


def test_completions_are_made_of_help(lab):
    expect(len(commands_of(lab)) >= 25, True)
    run(SOURCE / "packaging/completion/make.py", "--check",
        env={**lab.env, "SIGNET": SIGNET})


def test_bash_completion(lab):
    script = SOURCE / "packaging/completion/signet.bash"
    code = (f'compopt() {{ :; }}; source "{script}"; COMP_WORDS=("$@"); '
            "COMP_CWORD=$(($# - 1)); _signet signet "
            '"${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"; '
            'echo "${COMPREPLY[*]}"')

    folder = lab.dir / "completion"
    folder.mkdir()
    (folder / "certificate.pem").touch()

    def complete(*words):
        return run("bash", "-c", code, "bash", "signet", *words,
                   cwd=folder).stdout.strip()
    expect(complete("to"), "token")
    expect(complete("key", ""), "generate list show guard")
    expect(complete("ca", "root", "--pa"), "--path-length")
    expect(complete("key", "generate", "--type", "ed"), "ed25519")
    expect(complete("issue", "--role", ""), "")
    expect(complete("ceremony", "bun"), "bundle")
    expect(complete("ceremony", "bundle", ""), "pack unpack list")
    expect(complete("ceremony", "ledger", "check", "--is"), "--issuer")
    expect(complete("ceremony", "new", "cr"), "cross-certificate crl")
    expect(complete("help", "ceremony", "ledger", ""),
           "check record calendar")
    expect(complete("help", "ceremony", "bundle", "list", ""), "")
    expect(complete("key", "generate", "--eku", "OC"), "OCSPSigning")
    expect_in("certificate.pem ", complete("ceremony", "bind", "") + " ")
    expect(complete("issue", "--force", "--out-c"), "--out-cert --out-chain")


def test_output_that_cannot_be_written(lab):
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([SIGNET, "help"], stdout=full, text=True,
                              stderr=subprocess.PIPE, check=False)
    expect(done.returncode, 74)
    expect_in("signet: standard output: No space left on device", done.stderr)


def test_colour_on_a_terminal_only(lab):
    def on_terminal(env):
        parent, child = pty.openpty()
        subprocess.run([SIGNET, "help"], stdout=child, check=True, env=env)
        os.close(child)
        text = os.read(parent, 65536)
        os.close(parent)
        return text
    env = {k: v for k, v in lab.env.items() if k != "NO_COLOR"}
    expect(b"\033[1m" in on_terminal(env), True)
    expect(b"\033" in on_terminal({**env, "NO_COLOR": "1"}), False)
    expect("\033" in run(SIGNET, "help", env=env).stdout, False)


# --- tokens ----------------------------------------------------------------

def test_token_list_and_info(lab):
    tokens = get_json(lab, "token", "list", *module())
    labels = [t["label"] for t in tokens if t["initialised"]]
    expect(sorted(labels), ["demo-issuing", "demo-root"])
    root = next(t for t in tokens if t["label"] == "demo-root")
    expect(root["model"], "SoftHSM v2")
    table = lab.signet("token", "list", *module()).stdout.splitlines()
    expect(table[0].split(),
           ["SLOT", "LABEL", "SERIAL", "MODEL", "PIN", "READY"])
    expect_in(root["serial"], "\n".join(table))

    for want in (["--label", "demo-root"], ["--serial", root["serial"]],
                 ["--slot", str(root["slot"])]):
        expect(get_json(lab, "token", "info", *want, *module()), root)
    expect_in(f"Serial        {root['serial']}\n",
              lab.signet("token", "info", "--label", "demo-root",
                         *module()).stdout)
    refused(lab, 66, "none of the module's 3 slots holds that token", "token",
            "info", "--label", "none", *module(), hint="signet token list")
    refused(lab, 73, "several tokens fit", "token", "info", *module())


def test_the_environment_names_the_module(lab):
    env = {**lab.env, "SIGNET_MODULE": MODULE}
    expect_in("demo-root", run(SIGNET, "token", "list", "--token-program",
                               SIGNET_TOKEN, env=env).stdout)
    refused(lab, 64, "token list: no PKCS#11 module given", "token", "list",
            hint="libsofthsm2.so",
            env={k: v for k, v in env.items() if k != "SIGNET_MODULE"})
    refused(lab, 66, "--module /no/such.so: No such file", "token", "list",
            "--module", "/no/such.so")
    refused(lab, 78, "token list: ", "token", "list", "--module", "/bin/true",
            "--token-program", SIGNET_TOKEN)


def test_token_init_refusals(lab):
    pins = ["--pin-source", f"file:{lab.pin}", "--so-pin-source",
            f"file:{lab.pin}", *module()]
    refused(lab, 73, "holds a token with label 'demo-root' already", "token",
            "init", "--label", "demo-root", *pins)
    tokens = get_json(lab, "token", "list", *module())
    taken = next(t for t in tokens if t["label"] == "demo-root")
    refused(lab, 73, "initialising would destroy its keys", "token", "init",
            "--label", "new", "--slot", str(taken["slot"]), *pins)
    refused(lab, 66, "no such slot", "token", "init", "--label", "new",
            "--slot", "123456789", *pins)
    refused(lab, 64, "--label: 33 bytes, at most 32 fit", "token", "init",
            "--label", "x" * 33, *pins)
    refused(lab, 64, "--so-pin-source REF is missing", "token", "init",
            "--label", "new", "--pin-source", f"file:{lab.pin}", *module())


def test_a_label_cannot_write_to_the_terminal(lab):
    run("softhsm2-util", "--init-token", "--free", "--label", "a\033[31mb",
        "--pin", "1234", "--so-pin", "1234", env=lab.env)
    try:
        text = lab.signet("token", "list", *module()).stdout
        expect_in("a?[31mb", text)
        expect("\033" in text, False)
    finally:
        run("softhsm2-util", "--delete-token", "--token", "a\033[31mb",
            env=lab.env)


# --- PINs ------------------------------------------------------------------

def key_list(lab, source):
    return ["key", "list", "--token", "demo-root", "--pin-source", source,
            *lab.common_args()]


def test_a_wrong_pin_is_one_attempt(lab):
    wrong = lab.write("wrong-pin", "0000", 0o600)
    refused(lab, 77, "CKR_PIN_INCORRECT", *key_list(lab, f"file:{wrong}"),
            hint="each run is one attempt")
    token = get_json(lab, "token", "info", "--label", "demo-root", *module())
    expect(token["pin"], "wrong PINs were tried")
    lab.signet(*key_list(lab, f"file:{lab.pin}"))
    token = get_json(lab, "token", "info", "--label", "demo-root", *module())
    expect(token["pin"], "ok")


def test_where_a_pin_may_come_from(lab):
    text = lab.signet(*key_list(lab, f"file:{lab.pin}")).stdout
    expect_in("root ", text)
    # from here, not from where the token process runs
    expect(lab.signet(*key_list(lab, f"file:{lab.pin.name}"),
                      cwd=lab.dir).stdout, text)
    expect(lab.signet(*key_list(lab, f"command:/bin/cat {lab.pin}")).stdout,
           text)
    with open(lab.pin, "rb") as pin:
        expect(lab.signet(*key_list(lab, f"fd:{pin.fileno()}"),
                          pass_fds=[pin.fileno()]).stdout, text)
    public = lab.write("public-pin", lab.pin.read_text(), 0o644)
    refused(lab, 78, "public-pin", *key_list(lab, f"file:{public}"))
    refused(lab, 64, "--pin: no such option", "key", "list", "--pin", "4711",
            hint="a PIN is never taken from the command line")


def test_prompt_asks_on_the_terminal(lab):
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(SIGNET, [SIGNET, *map(str, key_list(lab, "prompt"))],
                  lab.env)
    seen = b""
    sent = False
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            part = os.read(terminal, 4096)
        except OSError:  # the other side is gone
            break
        if not part:
            break
        seen += part
        if not sent and b"PIN" in seen:
            os.write(terminal, lab.pin.read_bytes())
            sent = True
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    expect(os.waitstatus_to_exitcode(status), 0, seen)
    expect_in(b"root ", seen)
    expect(lab.pin.read_bytes().strip() in seen, False, "echo")


# --- keys ------------------------------------------------------------------

def test_token_check(lab):
    """What a token can do is tried, and nothing is left behind."""
    before = lab.signet("key", "list", *issuing(lab)).stdout
    files = sorted((lab.dir / "guards").iterdir())
    done = lab.signet("token", "check", "--type", "ec-p384", "--type",
                      "rsa-2048", "--json", *issuing(lab))
    expect(json.loads(done.stdout),
           [{"type": name, "works": "yes", "remark": ""}
            for name in ("ec-p384", "rsa-2048")])
    expect(lab.signet("key", "list", *issuing(lab)).stdout, before)
    expect(sorted((lab.dir / "guards").iterdir()), files)
    refused(lab, 64, '--type: key type "ec-p255" is unknown: use ec-p256',
            "token", "check", "--type", "ec-p255", *issuing(lab))


def test_generate_every_type(lab):
    for kind in KEY_TYPES:
        key = get_json(lab, "key", "generate", "--label", f"t-{kind}",
                       "--type", kind, *issuing(lab))
        expect(key["type"], kind)
        expect(key["fit_for_ca"], True, key)
        expect(key["max_validity"], "90d")
        expect(key["may_sign_ca"], False)
        expect(key["bound"], False)
        expect(len(key["id"].split(":")), 16, "CKA_ID")
        for attr in ("sensitive", "never-extractable", "local", "sign"):
            expect_in(attr, key["attributes"].split(", "))
        pem = lab.write("key.pem", key["public_key"] + "\n")
        run("openssl", "pkey", "-pubin", "-in", pem, "-noout")
        der = subprocess.run(["openssl", "pkey", "-pubin", "-in", pem,
                              "-outform", "DER"], capture_output=True,
                             check=True).stdout
        digest = subprocess.run(["openssl", "dgst", "-sha256", "-r"],
                                input=der, capture_output=True,
                                check=True).stdout.decode().split()[0]
        expect(key["spki_sha256"].replace(":", ""), digest)
        expect(get_json(lab, "key", "show", "--label", f"t-{kind}",
                        *issuing(lab)), key)
    listed = get_json(lab, "key", "list", *issuing(lab))
    expect(sorted(k["label"] for k in listed),
           sorted(["issuing"] + [f"t-{kind}" for kind in KEY_TYPES]))
    # what another program sees
    text = run("pkcs11-tool", "--module", MODULE, "--token-label",
               "demo-issuing", "--login", "--pin",
               lab.pin.read_text().strip(), "--list-objects", "--type",
               "privkey", env=lab.env).stdout
    expect(text.count("never extractable"), len(KEY_TYPES) + 1)
    expect(text.count("sensitive"), 2 * (len(KEY_TYPES) + 1))


def test_generate_refusals(lab):
    refused(lab, 73, "has a key with this label already", "key", "generate",
            "--label", "issuing", "--type", "ec-p256", *issuing(lab),
            hint="choose another --label")
    refused(lab, 64, "--type: ", "key", "generate", "--label", "x", "--type",
            "rsa-1024", *issuing(lab))
    refused(lab, 64, "--purpose: ", "key", "generate", "--label", "x",
            "--type", "ec-p256", "--purpose", "all", *issuing(lab))
    refused(lab, 64, "belong to --purpose ca", "key", "generate", "--label",
            "x", "--type", "ec-p256", "--purpose", "probe", "--may-sign-ca",
            *issuing(lab))
    refused(lab, 64, "--max-path-length needs --may-sign-ca", "key",
            "generate", "--label", "x", "--type", "ec-p256",
            "--max-path-length", "1", *issuing(lab))
    refused(lab, 64, "--label: at most 63 bytes", "key", "generate", "--label",
            "x" * 64, "--type", "ec-p256", *issuing(lab))


def test_key_show_refusals(lab):
    refused(lab, 66, "has the label 'none'", "key", "show", "--label", "none",
            *issuing(lab), hint='"signet key list" shows the labels')


def test_a_key_that_signet_did_not_make(lab):
    run("pkcs11-tool", "--module", MODULE, "--token-label", "demo-issuing",
        "--login", "--pin", lab.pin.read_text().strip(), "--keypairgen",
        "--key-type", "EC:prime256v1", "--label", "foreign", "--id", "77",
        env=lab.env)
    key = get_json(lab, "key", "show", "--label", "foreign", *issuing(lab))
    expect(key["fit_for_ca"], False)
    expect_in("decrypt", key["judgement"])
    refused(lab, 65, "decrypt", "ca", "root", "--key", "foreign", "--subject",
            "CN=x", "--validity", "1d", "--out", lab.dir / "foreign.pem",
            *issuing(lab), hint="--generate TYPE")
    expect((lab.dir / "foreign.pem").exists(), False)


def test_a_key_without_guard_is_shown_and_not_used(lab):
    before = set((lab.dir / "guards").iterdir())
    lab.signet("key", "generate", "--label", "bare", "--type", "ec-p256",
               *issuing(lab))
    for path in set((lab.dir / "guards").iterdir()) - before:
        path.unlink()
    key = get_json(lab, "key", "show", "--label", "bare", *issuing(lab))
    expect(key["guard"], "none: signet signs nothing with this key")
    refused(lab, 65, "has no guard", "ca", "root", "--key", "bare",
            "--subject", "CN=x", "--validity", "1d", "--out",
            lab.dir / "bare.pem", *issuing(lab), hint="--generate TYPE")
    expect((lab.dir / "bare.pem").exists(), False)


def test_purpose_binds(lab):
    key = get_json(lab, "key", "generate", "--label", "probe", "--type",
                   "ec-p256", "--purpose", "probe", *issuing(lab))
    expect(key["purpose"], "probe")
    refused(lab, 65, "was made for probe and cannot be a CA's key", "ca",
            "root", "--key", "probe", "--subject", "CN=x", "--validity", "1d",
            "--out", lab.dir / "probe.pem", *issuing(lab),
            hint="--generate TYPE")


def test_a_guard_is_only_narrowed(lab):
    key = get_json(lab, "key", "generate", "--label", "guarded", "--type",
                   "ec-p256", "--max-validity", "30d", "--eku", "serverAuth",
                   "--eku", "1.3.6.1.5.5.7.3.2", "--rate", "50", *issuing(lab))
    expect(key["max_per_second"], 50)
    expect(key["may_sign_crl"], True)
    expect(len(key["extended_key_usage"]), 2, key)
    expect(key["signatures"], 0)
    narrow = ["key", "guard", "--label", "guarded"]
    key = get_json(lab, *narrow, "--max-validity", "7d", "--eku", "serverAuth",
                   "--no-sign-crl", "--rate-per-day", "1000", *issuing(lab))
    expect(key["max_validity"], "7d")
    expect(key["may_sign_crl"], False)
    expect(len(key["extended_key_usage"]), 1, key)
    expect((key["max_per_second"], key["max_per_day"]), (50, 1000))
    for option, field in ((("--max-validity", "8d"), "max_validity"),
                          (("--eku", "clientAuth"), "extended_key_usage"),
                          (("--rate", "51"), "max_per_second")):
        refused(lab, 65, f"guard: {field} would be wider", *narrow, *option,
                *issuing(lab), hint="only smaller ones")
    shown = get_json(lab, "key", "show", "--label", "guarded", *issuing(lab))
    expect(shown["refused"], {"narrow": 3})
    expect(shown["max_validity"], "7d")
    refused(lab, 64, "no limit is given", *narrow, *issuing(lab))
    names = get_json(lab, *narrow, "--permit-dns", "example.com",
                     "--exclude-ip", "0.0.0.0/0", *issuing(lab))
    expect(names["permitted_names"], ["DNS:example.com"])
    expect(names["excluded_names"], ["IP:0.0.0.0/0"])
    refused(lab, 65, "guard: name_constraints would be wider", *narrow,
            "--permit-dns", "www.example.com", *issuing(lab))
    refused(lab, 65, "--permit-ip: ", *narrow, "--permit-ip", "192.0.2.1/24",
            *issuing(lab))
    refused(lab, 64, "belong to --purpose ca", "key", "generate", "--label",
            "no-names", "--type", "ec-p256", "--purpose", "ocsp",
            "--permit-dns", "example.com", *issuing(lab))
    refused(lab, 64, "--eku tls: use a dotted OID", *narrow, "--eku", "tls",
            *issuing(lab))
    refused(lab, 64, "--rate-per-day: 1 or more", *narrow, "--rate", "0",
            *issuing(lab))


# --- roots -----------------------------------------------------------------

def test_the_root_is_as_planned(lab):
    root = lab.dir / "root.pem"
    verified(lab, root)
    run("certtool", "--verify", "--load-ca-certificate", root, "--infile",
        root)
    expect(x509(root, "-subject").strip(),
           "subject=C = DE, O = Example, CN = Demo Root")
    text = x509(root, "-text")
    expect_in("CA:TRUE\n", text)
    expect_in("Certificate Sign, CRL Sign", text)
    expect_in("ecdsa-with-SHA384", text)
    expect(stat.S_IMODE(root.stat().st_mode) & 0o022, 0)
    key = get_json(lab, "key", "show", "--label", "root", *root_of(lab))
    expect(key["may_sign_ca"], True)
    expect(key["bound"], True)
    expect(key["issuer_sha256"].upper(),
           x509(root, "-fingerprint", "-sha256").strip().split("=")[1])


def test_roots_of_every_key_type(lab):
    for kind in KEY_TYPES:
        out = lab.dir / f"root-{kind}.pem"
        made = get_json(lab, "ca", "root", "--key", f"root-{kind}",
                        "--generate", kind, "--subject",
                        f"CN=Root {kind},O=Example\\, Inc.,C=DE", "--validity",
                        "365d", "--path-length", "1", "--out", out,
                        *root_of(lab))
        expect(made["file"], str(out))
        expect(made["path_length"], 1)
        expect(made["subject"], f"CN=Root {kind},O=Example\\, Inc.,C=DE")
        expect(made["serial_number"].upper().replace(":", ""),
               x509(out, "-serial").strip().split("=")[1])
        expect(made["sha256"].upper(),
               x509(out, "-fingerprint", "-sha256").strip().split("=")[1])
        expect_in("OK", run("openssl", "verify", "-x509_strict",
                            "-check_ss_sig", "-CAfile", out, out).stdout)
        expect_in("pathlen:1", x509(out, "-text"))
        run("certtool", "--verify", "--load-ca-certificate", out, "--infile",
            out)
        run("openssl", "asn1parse", "-in", out)


def root_args(lab, key, out, **changes):
    args = {"key": key, "subject": "CN=Root", "validity": "1d",
            "out": lab.dir / out, **changes}
    return ["ca", "root", *root_of(lab),
            *(x for k, v in args.items() for x in (f"--{k}", v))]


def test_root_refusals(lab):
    refused(lab, 73, "root.pem exists",
            *root_args(lab, "x", "root.pem", generate="ec-p256"),
            hint="--force")
    refused(lab, 74, "no/such/folder.pem: folder",
            *root_args(lab, "x", "no/such/folder.pem", generate="ec-p256"))
    refused(lab, 64, "--subject: '+' in a value must be written \\+",
            *root_args(lab, "x", "x.pem", subject="CN=a+b"))
    refused(lab, 65, "C", *root_args(lab, "x-country", "x.pem",
                                     subject="CN=a,C=Germany",
                                     generate="ec-p256"))
    refused(lab, 64, "--validity: ", *root_args(lab, "x", "x.pem",
                                                validity="0d"))
    refused(lab, 66, "no-such-key", *root_args(lab, "no-such-key", "x.pem"),
            hint="--generate TYPE makes the key")
    refused(lab, 64, "--generate: ", *root_args(lab, "x", "x.pem",
                                                generate="dsa"))
    keys = [k["label"] for k in get_json(lab, "key", "list", *root_of(lab))]
    expect("x" in keys, False, "a refused root left a key behind")
    expect((lab.dir / "x.pem").exists(), False)


def test_an_existing_key_and_force(lab):
    lab.signet("key", "generate", "--label", "second", "--type", "ec-p384",
               "--may-sign-ca", "--max-validity", "30d", *root_of(lab))
    refused(lab, 65, "guard", *root_args(lab, "second", "second.pem",
                                         validity="31d"))
    lab.signet(*root_args(lab, "second", "second.pem", validity="30d"))
    refused(lab, 73, "second.pem exists", *root_args(lab, "second",
                                                     "second.pem"))
    # bound to the first certificate: another one cannot take its place
    done = refused(lab, 65, "second.pem is written, but the key is not bound",
                   *root_args(lab, "second", "second.pem", validity="29d"),
                   "--force")
    expect_in("guard", done.stderr)


# --- intermediates ---------------------------------------------------------

def intermediate_args(lab, key, out, *more, **changes):
    args = {"key": key, "subject": f"CN={key},O=Example,C=DE",
            "validity": "20d", "out": lab.dir / out, "issuer-key": "root",
            "issuer-cert": lab.dir / "root.pem", **changes}
    return ["ca", "intermediate", *issuing(lab),
            *lab.token_args("demo-root", "--issuer-"), *more,
            *(x for k, v in args.items() for x in (f"--{k}", v))]


def test_the_intermediate_is_as_planned(lab):
    issuing_pem, chain = lab.dir / "issuing.pem", lab.dir / "chain.pem"
    verified(lab, issuing_pem)
    expect(chain.read_text(),
           issuing_pem.read_text() + (lab.dir / "root.pem").read_text())
    text = x509(issuing_pem, "-text")
    expect_in("CA:TRUE, pathlen:0", text)
    expect_in("X509v3 Name Constraints: critical\n                Permitted:\n"
              "                  DNS:example.com\n                Excluded:\n"
              "                  DNS:secret.example.com\n", text)
    expect(x509(issuing_pem, "-issuer").strip(),
           "issuer=C = DE, O = Example, CN = Demo Root")
    key = get_json(lab, "key", "show", "--label", "issuing", *issuing(lab))
    expect(key["bound"], True)
    expect(key["may_sign_ca"], False)
    expect(key["max_validity"], "90d")


def test_every_name_constraint(lab):
    made = get_json(
        lab, *intermediate_args(
            lab, "nc", "nc.pem", "--permit-dns", "example.com",
            "--permit-dns", "example.net", "--permit-ip", "192.0.2.0/24",
            "--permit-ip", "2001:db8::/32", "--permit-email", "example.com",
            "--permit-uri", ".example.com", "--exclude-dns",
            "secret.example.com", "--exclude-ip", "192.0.2.128/25",
            "--exclude-email", "boss@example.com", "--exclude-uri",
            "secret.example.com", generate="rsa-2048", **{"path-length": "0"}))
    expect(made["path_length"], 0)
    expect("chain_file" in made, False)
    verified(lab, lab.dir / "nc.pem")
    text = x509(lab.dir / "nc.pem", "-text")
    for part in ("DNS:example.com", "DNS:example.net",
                 "IP:192.0.2.0/255.255.255.0", "IP:2001:DB8:0:0:0:0:0:0/FFFF",
                 "email:example.com", "URI:.example.com",
                 "DNS:secret.example.com", "IP:192.0.2.128/255.255.255.128",
                 "email:boss@example.com", "URI:secret.example.com"):
        expect_in(part, text)


def test_two_intermediates_deep(lab):
    lab.signet(*intermediate_args(lab, "mid", "mid.pem", generate="ec-p521",
                                  **{"path-length": "1"}))
    key = get_json(lab, "key", "show", "--label", "mid", *issuing(lab))
    expect(key["may_sign_ca"], True)
    expect(key["max_path_length"], 0)
    below = {"issuer-key": "mid", "issuer-cert": lab.dir / "mid.pem",
             "issuer-chain": lab.dir / "root.pem", "generate": "ed25519",
             "validity": "10d"}
    args = intermediate_args(lab, "low", "low.pem", "--chain-out",
                             lab.dir / "low-chain.pem", **below,
                             **{"path-length": "0"})
    at = args.index("--issuer-token")
    args[at + 1] = "demo-issuing"
    made = json.loads(lab.signet(*args, "--json").stdout)
    expect(made["issuer"], "CN=mid,O=Example,C=DE")
    verified(lab, lab.dir / "low.pem", lab.dir / "mid.pem")
    expect((lab.dir / "low-chain.pem").read_text().count("BEGIN"), 3)
    args[args.index("--path-length") + 1] = "1"
    args[args.index("--key") + 1] = "deep"
    args[args.index("--out") + 1] = lab.dir / "deep.pem"
    refused(lab, 65, "path", *args, "--force")


def test_intermediate_refusals(lab):
    refused(lab, 65, "--permit-ip: ",
            *intermediate_args(lab, "x", "x.pem", "--permit-ip",
                               "192.0.2.1/24", generate="ec-p256"))
    refused(lab, 65, "--permit-dns: ",
            *intermediate_args(lab, "x", "x.pem", "--permit-dns",
                               "*.example.com", generate="ec-p256"))
    refused(lab, 66, "no-such.pem",
            *intermediate_args(lab, "x", "x.pem", generate="ec-p256",
                               **{"issuer-cert": lab.dir / "no-such.pem"}))
    junk = lab.write("junk.pem", "no certificate\n")
    refused(lab, 65, "junk.pem: no certificate in it (PEM)",
            *intermediate_args(lab, "x", "x.pem", generate="ec-p256",
                               **{"issuer-cert": junk}))
    # a wrong issuer key is seen before a key is made
    refused(lab, 66, "issuer's key: ",
            *intermediate_args(lab, "x", "x.pem", generate="ec-p256",
                               **{"issuer-key": "none"}))
    other = intermediate_args(lab, "x", "x.pem", generate="ec-p256")
    other[other.index("--issuer-token") + 1] = "demo-issuing"
    other[other.index("--issuer-key") + 1] = "issuing"
    refused(lab, 65, "issuer's key: ", *other)
    refused(lab, 65, "notAfter",
            *intermediate_args(lab, "x", "x.pem", generate="ec-p256",
                               validity="4000d"))
    refused(lab, 65, 'subject C "Germany"',
            *intermediate_args(lab, "x", "x.pem", generate="ec-p256",
                               subject="CN=x,C=Germany"))
    keys = [k["label"] for k in get_json(lab, "key", "list", *issuing(lab))]
    expect("x" in keys, False, "a refused intermediate left a key behind")
    expect((lab.dir / "x.pem").exists(), False)


def test_a_key_that_was_made_is_not_lost(lab):
    (lab.dir / "folder.pem").mkdir()
    refused(lab, 74, "folder.pem",
            *intermediate_args(lab, "kept", "folder.pem", "--force",
                               generate="ec-p256"),
            hint="the key 'kept' was made and stays in the token: run this "
                 "again without --generate")
    lab.signet(*intermediate_args(lab, "kept", "kept.pem"))
    verified(lab, lab.dir / "kept.pem")


def test_an_issuer_that_may_not_sign_cas(lab):
    args = intermediate_args(lab, "x2", "x2.pem", generate="ec-p256",
                             **{"issuer-key": "issuing",
                                "issuer-cert": lab.dir / "issuing.pem",
                                "issuer-chain": lab.dir / "root.pem"})
    args[args.index("--issuer-token") + 1] = "demo-issuing"
    refused(lab, 65, "path", *args)


# --- the daemon's side -----------------------------------------------------

def test_issue(lab):
    cert, key, chain = (lab.dir / n for n in ("i.pem", "i.key", "i-chain.pem"))
    args = ["issue", "--socket", lab.socket, "--role", "web", "--common-name",
            "www.example.com", "--alt-names", "a.example.com,b.example.com",
            "--alt-names", "c.example.com", "--ip-sans", "192.0.2.7", "--ttl",
            "1h", "--out-cert", cert, "--out-key", key, "--out-chain", chain]
    with lab.running():
        text = lab.signet(*args).stdout
        expect_in(f"Private key in  {key}\n", text)
        expect("PRIVATE KEY" in text, False)
        refused(lab, 73, "i.pem exists", *args, hint="--force")
        lab.signet(*args, "--force")
        # everything on standard output
        data = get_json(lab, "issue", "--socket", lab.socket, "--role", "web",
                        "--common-name", "www.example.com",
                        "--private-key-format", "pkcs8")
        expect_in("-----BEGIN PRIVATE KEY-----", data["private_key"])
        lab.verify(data["certificate"], data["private_key"])
        # the key in its file, and nowhere else
        more = lab.dir / "j.key"
        data = get_json(lab, "issue", "--socket", lab.socket, "--role", "web",
                        "--common-name", "www.example.com", "--out-key", more)
        expect("private_key" in data, False)
        expect(data["private_key_file"], str(more))
        lab.verify(data["certificate"], more.read_text().strip())
        # the certificate on standard output
        pem = lab.signet("issue", "--socket", lab.socket, "--role", "web",
                         "--common-name", "www.example.com", "--out-key",
                         lab.dir / "k.key").stdout
        lab.verify(pem.strip())
    expect(stat.S_IMODE(key.stat().st_mode), 0o600)
    text = lab.verify(cert.read_text().strip(), key.read_text().strip())
    expect_in("DNS:a.example.com, DNS:b.example.com, DNS:c.example.com, "
              "DNS:www.example.com, IP Address:192.0.2.7", text)
    expect(chain.read_text(), (lab.dir / "chain.pem").read_text())


def test_sign(lab):
    csr = lab.write("s.csr", lab.csr("api.example.com"))
    cert = lab.dir / "s.pem"
    with lab.running():
        lab.signet("sign", "--socket", lab.socket, "--role", "web", "--csr",
                   csr, "--out-cert", cert)
        expect_in("DNS:api.example.com", lab.verify(cert.read_text().strip()))
        # the role's longest time is kept, and said
        done = lab.signet("sign", "--socket", lab.socket, "--role", "web",
                          "--csr", csr, "--ttl", "48h", "--json")
        expect_in("warning: ", done.stderr)
        lab.verify(json.loads(done.stdout)["certificate"])
        env = {**lab.env, "SIGNET_SOCKET": str(lab.socket)}
        run(SIGNET, "sign", "--role", "web", "--csr", csr, env=env)
        refused(lab, 65, "signetd says: ", "sign", "--socket", lab.socket,
                "--role", "web", "--csr", junk(lab))
        refused(lab, 66, "--csr: ", "sign", "--socket", lab.socket, "--role",
                "web", "--csr", lab.dir / "no-such.csr")


def junk(lab):
    return lab.write("junk.csr", "no request\n")


def test_what_signetd_refuses(lab):
    ask = ["issue", "--socket", lab.socket, "--json"]
    with lab.running():
        refused(lab, 65, "not allowed by this role (HTTP 400)", *ask,
                "--role", "web", "--common-name", "www.example.org")
        refused(lab, 65, "unknown role: nobody (HTTP 400)", *ask, "--role",
                "nobody", "--common-name", "www.example.com")
        refused(lab, 66, "HTTP 404", *ask, "--role", "web", "--mount", "none",
                "--common-name", "www.example.com", hint="--mount")
        refused(lab, 64, "--role 'a b'", *ask, "--role", "a b")
    refused(lab, 64, "the private key would be lost", "issue", "--socket",
            lab.socket, "--role", "web", "--common-name", "www.example.com",
            hint="--out-key FILE")


def test_health(lab):
    with lab.running():
        text = lab.signet("health", "--socket", lab.socket).stdout
        expect_in("State        ready\n", text)
        expect_in("issuing  up ", text)
        data = get_json(lab, "health", "--socket", lab.socket)
        expect(data["sealed"], False)
        expect(data["tokens"][0]["state"], "up")
    refused(lab, 69, "health: socket ", "health", "--socket", lab.socket,
            hint="start signetd")


TESTS = [item for name, item in list(globals().items())
         if name.startswith("test_")]

if __name__ == "__main__":
    with Lab() as the_lab:
        run_tests(TESTS, the_lab)
