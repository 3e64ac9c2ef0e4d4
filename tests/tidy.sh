#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# clang-tidy over every source of ours, on all processors.
# One file per process: clang-tidy 14 carries its va_list check's state from one
# file into the next and then reports every vsnprintf.
# usage: tests/tidy.sh BUILD-DIR-WITH-COMPILE-COMMANDS
set -euo pipefail
git ls-files 'common/*.c' 'pkcs11/*.c' 'ca/*.c' 'lint/*.c' 'ceremony/*.c' \
    'signer/*.c' 'cli/*.c' |
    xargs -P "$(nproc)" -n 1 clang-tidy --quiet -p "$1" 2>/dev/null
