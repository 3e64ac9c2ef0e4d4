# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# bash completion for signet(1); made by make.py

# The words that may follow those of a command's name.
_signet_names() {
    case $1 in
    '')
        echo "token key ca cert ceremony issue sign health"
        ;;
    'token')
        echo "list init info check"
        ;;
    'key')
        echo "generate list show guard"
        ;;
    'ca')
        echo "root intermediate"
        ;;
    'cert')
        echo "lint"
        ;;
    'ceremony')
        echo "new plan show rehearse approve execute bind seal verify bundle
            ledger"
        ;;
    'ceremony bundle')
        echo "pack unpack list"
        ;;
    'ceremony ledger')
        echo "check record calendar"
        ;;
    esac
}

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
    'token check')
        echo "--type --token --pin-source --guards --module --init-args
            --token-program --json --verbose --help"
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
    'cert lint')
        echo "--chain --crl --issuer --profile --date --at
            --technically-constrained --rules --json --verbose --help"
        ;;
    'ceremony new')
        echo "--json --verbose --help"
        ;;
    'ceremony plan')
        echo "--out --pin-source --token --guards --module --json --verbose
            --help"
        ;;
    'ceremony show')
        echo "--json --verbose --help"
        ;;
    'ceremony rehearse')
        echo "--softhsm --token-program --tmp --pin-source --token --guards
            --module --json --verbose --help"
        ;;
    'ceremony approve')
        echo "--name --key --passphrase-source --out --answers --yes
            --pin-source --guards --module --init-args --token-program --json
            --verbose --help"
        ;;
    'ceremony execute')
        echo "--approvals --out --ledger --answers --token --pin-source --guards
            --module --init-args --token-program --json --verbose --help"
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
        echo "--signer --json --verbose --help"
        ;;
    'ceremony bundle pack')
        echo "--json --verbose --help"
        ;;
    'ceremony bundle unpack')
        echo "--json --verbose --help"
        ;;
    'ceremony bundle list')
        echo "--json --verbose --help"
        ;;
    'ceremony ledger check')
        echo "--last --issuer --expired --json --verbose --help"
        ;;
    'ceremony ledger record')
        echo "--issuer --expired --withdraw --json --verbose --help"
        ;;
    'ceremony ledger calendar')
        echo "--json --verbose --help"
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

# How the value of an option is completed: command, option.
_signet_value() {
    case "$1 $2" in
    'ca intermediate --out' | \
        'ca root --out' | \
        'ceremony approve --key' | \
        'ceremony approve --out' | \
        'ceremony plan --out' | \
        *' --answers' | \
        *' --approvals' | \
        *' --certificate' | \
        *' --chain-out' | \
        *' --csr' | \
        *' --issuer' | \
        *' --issuer-cert' | \
        *' --issuer-chain' | \
        *' --issuer-module' | \
        *' --issuer-token-program' | \
        *' --last' | \
        *' --module' | \
        *' --out-cert' | \
        *' --out-chain' | \
        *' --out-key' | \
        *' --signer' | \
        *' --socket' | \
        *' --softhsm' | \
        *' --token-program')
        echo file
        ;;
    'ceremony execute --out' | \
        *' --guards' | \
        *' --issuer-guards' | \
        *' --ledger' | \
        *' --tmp')
        echo folder
        ;;
    'ca intermediate --key' | \
        'ca root --key' | \
        'ceremony bind --key' | \
        'ceremony seal --key' | \
        *' --alt-names' | \
        *' --at' | \
        *' --common-name' | \
        *' --date' | \
        *' --exclude-dns' | \
        *' --exclude-email' | \
        *' --exclude-ip' | \
        *' --exclude-uri' | \
        *' --expired' | \
        *' --init-args' | \
        *' --ip-sans' | \
        *' --issuer-init-args' | \
        *' --issuer-key' | \
        *' --issuer-token' | \
        *' --label' | \
        *' --max-path-length' | \
        *' --max-validity' | \
        *' --mount' | \
        *' --name' | \
        *' --other-sans' | \
        *' --path-length' | \
        *' --permit-dns' | \
        *' --permit-email' | \
        *' --permit-ip' | \
        *' --permit-uri' | \
        *' --rate' | \
        *' --rate-per-day' | \
        *' --role' | \
        *' --serial' | \
        *' --slot' | \
        *' --subject' | \
        *' --token' | \
        *' --ttl' | \
        *' --uri-sans' | \
        *' --validity')
        echo none
        ;;
    *' --purpose')
        echo "words ca ocsp backend probe"
        ;;
    *' --private-key-format')
        echo "words der pkcs8"
        ;;
    *' --generate' | \
        *' --type')
        echo "words ec-p256 ec-p384 ec-p521 rsa-2048 rsa-3072 rsa-4096 ed25519"
        ;;
    *' --profile')
        echo "words private public-tls"
        ;;
    *' --issuer-pin-source' | \
        *' --passphrase-source' | \
        *' --pin-source' | \
        *' --so-pin-source')
        echo "words prompt file: fd: credential: command:"
        ;;
    *' --eku')
        echo "words serverAuth clientAuth codeSigning emailProtection timeStamping OCSPSigning"
        ;;
    esac
}

_signet_argument() {
    case $1 in
    'cert lint') echo file ;;
    'ceremony new') echo "words key root intermediate csr cross-certificate rollover ocsp-responder crl" ;;
    'ceremony plan') echo file ;;
    'ceremony show') echo file ;;
    'ceremony rehearse') echo file ;;
    'ceremony approve') echo file ;;
    'ceremony execute') echo file ;;
    'ceremony bind') echo file ;;
    'ceremony seal') echo folder ;;
    'ceremony verify') echo folder ;;
    'ceremony bundle pack') echo file ;;
    'ceremony bundle unpack') echo file ;;
    'ceremony bundle list') echo file ;;
    'ceremony ledger check') echo file ;;
    'ceremony ledger record') echo file ;;
    'ceremony ledger calendar') echo folder ;;
    esac
}

_signet_words() {
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
}

_signet_complete() {
    case $1 in
    file) mapfile -t COMPREPLY < <(compgen -f -- "$2") ;;
    folder) mapfile -t COMPREPLY < <(compgen -d -- "$2") ;;
    words\ *:*) _signet_words "${1#words }" "$2"; compopt -o nospace; return ;;
    words\ *) _signet_words "${1#words }" "$2"; return ;;
    *) return ;;
    esac
    compopt -o filenames
}

_signet() {
    local cur=$2 prev=$3 command='' at=1 first=1 names kind
    COMPREPLY=()
    [ "${COMP_WORDS[1]}" = help ] && [ "$COMP_CWORD" -gt 1 ] && at=2 first=2
    while names=$(_signet_names "$command") && [ -n "$names" ]; do
        if [ "$at" -eq "$COMP_CWORD" ]; then
            [ "$at" -eq 1 ] && names="$names help --version"
            _signet_words "$names" "$cur"
            return
        fi
        command="${command:+$command }${COMP_WORDS[at]}"
        at=$((at + 1))
    done
    [ "$first" -eq 2 ] && return
    kind=$(_signet_value "$command" "$prev")
    if [ -n "$kind" ]; then
        _signet_complete "$kind" "$cur"
    elif [[ $cur != -* ]] && kind=$(_signet_argument "$command") &&
        [ -n "$kind" ]; then
        _signet_complete "$kind" "$cur"
    else
        _signet_words "$(_signet_options "$command")" "$cur"
    fi
}
complete -F _signet signet
