/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/names-args.h"

#define ARG(kind, member) CLI_##kind(struct cli_names_args, member)

const struct cli_option CLI_NAMES_OPTIONS[CLI_N_NAMES_OPTIONS] = {
    { .name = "permit-dns",
      ARG(LIST, permit_dns),
      .value = "NAME",
      .help = "names of this domain and below only" },
    { .name = "exclude-dns",
      ARG(LIST, exclude_dns),
      .value = "NAME",
      .help = "no name of this domain or below" },
    { .name = "permit-ip",
      ARG(LIST, permit_ip),
      .value = "CIDR",
      .help = "addresses of this network only" },
    { .name = "exclude-ip",
      ARG(LIST, exclude_ip),
      .value = "CIDR",
      .help = "no address of this network" },
    { .name = "permit-email",
      ARG(LIST, permit_email),
      .value = "MAIL",
      .help = "this mailbox, or mailboxes of this host or .domain, only" },
    { .name = "exclude-email",
      ARG(LIST, exclude_email),
      .value = "MAIL",
      .help = "not this mailbox, or none of this host or .domain" },
    { .name = "permit-uri",
      ARG(LIST, permit_uri),
      .value = "HOST",
      .help = "URIs of this host, or .domain, only" },
    { .name = "exclude-uri",
      ARG(LIST, exclude_uri),
      .value = "HOST",
      .help = "no URI of this host, or .domain" },
};
bool cli_names_given(const struct cli_names_args *args)
{
    return args->permit_dns.n > 0 || args->permit_ip.n > 0
           || args->permit_email.n > 0 || args->permit_uri.n > 0
           || args->exclude_dns.n > 0 || args->exclude_ip.n > 0
           || args->exclude_email.n > 0 || args->exclude_uri.n > 0;
}

enum sg_rc cli_names_read(const struct cli_names_args *a,
                          struct sg_arena *arena, struct ca_constraints *ret,
                          struct sg_err *err)
{
    struct ca_constraints made = { 0 };
    struct ca_subtrees *permit = &made.permitted;
    struct ca_subtrees *exclude = &made.excluded;
    const struct {
        struct ca_subtrees *trees;
        enum ca_san_kind kind;
        const char *option;
        const struct cli_list *list;
    } table[] = {
        { permit, CA_SAN_DNS, "permit-dns", &a->permit_dns },
        { permit, CA_SAN_IP, "permit-ip", &a->permit_ip },
        { permit, CA_SAN_EMAIL, "permit-email", &a->permit_email },
        { permit, CA_SAN_URI, "permit-uri", &a->permit_uri },
        { exclude, CA_SAN_DNS, "exclude-dns", &a->exclude_dns },
        { exclude, CA_SAN_IP, "exclude-ip", &a->exclude_ip },
        { exclude, CA_SAN_EMAIL, "exclude-email", &a->exclude_email },
        { exclude, CA_SAN_URI, "exclude-uri", &a->exclude_uri },
    };

    for (size_t i = 0; i < SG_ARRAY_LEN(table); i++)
        for (size_t k = 0; k < table[i].list->n; k++)
            if (ca_subtrees_add(arena, table[i].trees, table[i].kind,
                                table[i].list->v[k], err)
                != SG_OK)
                return sg_err_wrap(err, "--%s", table[i].option);
    *ret = made;
    return SG_OK;
}
