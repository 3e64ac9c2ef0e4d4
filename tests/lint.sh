# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: Apache-2.0
# The dull checks. Sourced by ./runtests, which defines check().

lint_format() {
    git ls-files '*.c' '*.h' | xargs clang-format --dry-run --Werror
}

lint_spdx() {
    local file
    git ls-files '*.c' '*.h' '*.sh' '*.py' meson.build '*/meson.build' quickstart runtests |
        while read -r file; do
            head -n 3 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' ||
                echo "$file: no SPDX line"
        done | { ! grep .; }
}

# Each header compiles alone.
lint_headers() {
    local header flags
    flags=$(pkg-config --cflags libmicrohttpd json-c p11-kit-1 libcyaml)
    git ls-files 'common/*.h' 'pkcs11/*.h' 'ca/*.h' \
        'lint/*.h' 'ceremony/*.h' 'signer/*.h' 'cli/*.h' |
        while read -r header; do
            # shellcheck disable=SC2086
            gcc -std=c17 -D_GNU_SOURCE -I. $flags -fsyntax-only -Wall -Wextra \
                -x c "$header" 2>&1
        done | { ! grep -v 'pragma once' | grep .; }
}

# Calls that have a safe twin here. NOLINT with a reason lets one stand.
lint_bans() {
    local bans='\b(strcpy|strcat|sprintf|vsprintf|gets|atoi|atol|atof|system|popen|alloca|strtok|tmpnam|mktemp|ERR_print_errors_fp|exit_group)\s*\('
    git ls-files 'common/*.c' 'pkcs11/*.c' 'ca/*.c' \
        'lint/*.c' 'ceremony/*.c' 'signer/*.c' 'cli/*.c' |
        { xargs grep -nE "$bans" || true; } |
        { grep -v NOLINT || true; } | { ! grep .; }
}
lint_numbers() {
    git ls-files 'pkcs11/*.c' 'ca/*.c' 'signer/*.c' 'cli/*.c' 'common/*.c' \
        'lint/*.c' 'ceremony/*.c' |
        grep -v '^common/parse.c$' |
        { xargs grep -nE '\b(strto(l|ul|ll|ull|d)|sscanf)\s*\(' || true; } |
        { grep -v NOLINT || true; } | { ! grep .; }
}

# Arrows between rooms point one way (DESIGN 3).
lint_arrows() {
    {
        grep -nE '#include "(pkcs11|ca|lint|ceremony|signer|cli)/' common/*.[ch]
        grep -nE '#include "(ca|lint|ceremony|signer|cli)/' pkcs11/*.[ch] pkcs11/helper/*.[ch]
        grep -nE '#include "(pkcs11|lint|ceremony|signer|cli)/' ca/*.[ch]
        grep -nE '#include "(cli/|ceremony/|pkcs11/helper)' signer/*.[ch]
        grep -nE '#include "(signer/|pkcs11/helper)' cli/*.[ch]
        grep -nE '#include "(pkcs11|ca|signer|cli|ceremony)/' lint/*.[ch]
        grep -nE '#include "(signer|cli|pkcs11/helper)' ceremony/*.[ch]
        true
    } | { ! grep .; }
}

lint_shell() {
    git ls-files -z '*.sh' quickstart runtests .ci/run packaging/install-packages \
        softhsm-conf/make-token | xargs -0 shellcheck -x
}

lint_man() {
    git ls-files 'man/*.[1-8]' | while read -r page; do
        mandoc -Tlint -Wwarning "$page"
    done | { ! grep .; }
}

lint_spelling() {
    git ls-files '*.c' '*.h' '*.md' '*.[1-8]' quickstart runtests '*.sh' |
        grep -v '^tests/data/' |
        xargs codespell -L 'crate,te,nd,fo,ser,ans,parms,inout,clen,noo'
}

check "lint: clang-format" lint_format
check "lint: SPDX lines" lint_spdx
check "lint: headers compile alone" lint_headers
check "lint: banned calls" lint_bans
check "lint: numbers are read by common/parse.c" lint_numbers
check "lint: arrows between rooms" lint_arrows
check "lint: shell scripts" lint_shell
check "lint: man pages" lint_man
check "lint: spelling" lint_spelling
