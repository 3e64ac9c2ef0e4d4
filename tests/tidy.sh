#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# clang-tidy over every source of ours, on all processors.
# usage: tests/tidy.sh BUILD-DIR-WITH-COMPILE-COMMANDS
set -euo pipefail
git ls-files 'common/*.c' 'pkcs11/*.c' 'ca/*.c' 'signer/*.c' 'cli/*.c' |
    xargs -P "$(nproc)" -n 4 clang-tidy --quiet -p "$1" 2>/dev/null
