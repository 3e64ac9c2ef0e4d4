# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# bash completion for signet(1)

_signet_options() {
    case $1 in
    'token list')
        echo "--module --init-args --token-program --json --verbose --help"
        ;;
    'token init')
        echo "--label --slot --serial --so-pin-source --pin-source --module
            --init-args --token-program --json --verbose --help"
        ;;
    'token info')
        echo "--label --serial --slot --module --init-args --token-program
            --json --verbose --help"
        ;;
    'key generate')
        echo "--label --type --purpose --may-sign-ca --max-path-length
            --max-validity --no-sign-crl --eku --rate --rate-per-day
            --permit-dns --exclude-dns --permit-ip --exclude-ip --permit-email
            --exclude-email --permit-uri --exclude-uri --token --pin-source
            --guards --module --init-args --token-program --json --verbose
            --help"
        ;;
    'key list')
        echo "--token --pin-source --guards --module --init-args --token-program
            --json --verbose --help"
        ;;
    'key show')
        echo "--label --token --pin-source --guards --module --init-args
            --token-program --json --verbose --help"
        ;;
    'key guard')
        echo "--label --max-validity --max-path-length --no-sign-ca
            --no-sign-crl --eku --rate --rate-per-day --permit-dns
            --exclude-dns --permit-ip --exclude-ip --permit-email
            --exclude-email --permit-uri --exclude-uri --token --pin-source
            --guards --module --init-args --token-program --json --verbose
            --help"
        ;;
    'ca root')
        echo "--subject --validity --path-length --out --force --key --generate
            --token --pin-source --guards --module --init-args --token-program
            --json --verbose --help"
        ;;
    'ca intermediate')
        echo "--subject --validity --path-length --out --chain-out --force
            --permit-dns --exclude-dns --permit-ip --exclude-ip --permit-email
            --exclude-email --permit-uri --exclude-uri --key --generate
            --max-validity --token --pin-source --guards --module --init-args
            --token-program --issuer-key --issuer-cert --issuer-chain
            --issuer-token --issuer-pin-source --issuer-guards --issuer-module
            --issuer-init-args --issuer-token-program --json --verbose --help"
        ;;
    'ceremony new')
        echo "--json --verbose --help"
        ;;
    'ceremony plan')
        echo "--out --json --verbose --help"
        ;;
    'ceremony show')
        echo "--json --verbose --help"
        ;;
    'ceremony rehearse')
        echo "--softhsm --token-program --json --verbose --help"
        ;;
    'ceremony approve')
        echo "--name --key --passphrase-source --out --answers --yes
            --pin-source --guards --module --init-args --token-program --json
            --verbose --help"
        ;;
    'ceremony execute')
        echo "--approvals --out --answers --token --pin-source --guards --module
            --init-args --token-program --json --verbose --help"
        ;;
    'ceremony bind')
        echo "--key --answers --yes --token --pin-source --guards --module
            --init-args --token-program --json --verbose --help"
        ;;
    'ceremony seal')
        echo "--key --certificate --token --pin-source --guards --module
            --init-args --token-program --json --verbose --help"
        ;;
    'ceremony verify')
        echo "--json --verbose --help"
        ;;
    'cert lint')
        echo "--chain --crl --issuer --profile --date --technically-constrained
            --rules --json --verbose --help"
        ;;
    'issue')
        echo "--socket --role --mount --common-name --alt-names --ip-sans
            --uri-sans --other-sans --exclude-cn-from-sans --ttl --out-key
            --private-key-format --out-cert --out-chain --force --json
            --verbose --help"
        ;;
    'sign')
        echo "--csr --socket --role --mount --common-name --alt-names --ip-sans
            --uri-sans --other-sans --exclude-cn-from-sans --ttl --out-cert
            --out-chain --force --json --verbose --help"
        ;;
    'health')
        echo "--socket --json --verbose --help"
        ;;
    esac
}

_signet_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2"); }

_signet() {
    local cur=$2 prev=$3 command
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        _signet_words "token key ca ceremony cert issue sign health help --version" "$cur"
        return
    fi
    case $COMP_CWORD:${COMP_WORDS[1]} in
    2:token) _signet_words "list init info" "$cur"; return ;;
    2:key) _signet_words "generate list show guard" "$cur"; return ;;
    2:ca) _signet_words "root intermediate" "$cur"; return ;;
    2:ceremony) _signet_words "new plan show rehearse approve execute bind seal verify bundle ledger" "$cur"; return ;;
    2:cert) _signet_words "lint" "$cur"; return ;;
    2:help) _signet_words "token key ca ceremony cert issue sign health" "$cur"; return ;;
    esac
    case $prev in
    --generate | --type) _signet_words "ec-p256 ec-p384 ec-p521 rsa-2048 rsa-3072 rsa-4096 ed25519" "$cur"; return ;;
    --purpose) _signet_words "ca ocsp backend probe" "$cur"; return ;;
    --profile) _signet_words "private public-tls" "$cur"; return ;;
    --private-key-format) _signet_words "der pkcs8" "$cur"; return ;;
    --issuer-pin-source | --pin-source | --so-pin-source)
        _signet_words "prompt file: fd: credential: command:" "$cur"
        compopt -o nospace
        return
        ;;
    --chain-out | \
        --csr | \
        --issuer | \
        --issuer-cert | \
        --issuer-chain | \
        --issuer-module | \
        --issuer-token-program | \
        --module | \
        --out | \
        --out-cert | \
        --out-chain | \
        --out-key | \
        --socket | \
        --token-program)
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        compopt -o filenames
        return
        ;;
    --guards | --issuer-guards)
        mapfile -t COMPREPLY < <(compgen -d -- "$cur")
        compopt -o filenames
        return
        ;;
    --chain | --crl | --exclude-cn-from-sans | --force | --help | --json | \
        --may-sign-ca | --rules | --technically-constrained | --verbose) ;;
    --*) return ;;
    esac
    case ${COMP_WORDS[1]} in
    token | key | ca | ceremony | cert) command="${COMP_WORDS[1]} ${COMP_WORDS[2]}" ;;
    *) command=${COMP_WORDS[1]} ;;
    esac
    if [[ $command == "cert lint" || $command == ceremony\ * ]] &&
        [[ $cur != -* ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        compopt -o filenames
        return
    fi
    _signet_words "$(_signet_options "$command")" "$cur"
}
complete -F _signet signet
