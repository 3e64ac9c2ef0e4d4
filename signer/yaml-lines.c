/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/yaml-lines.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "common/parse.h"

struct srv_yaml {
    yaml_document_t doc;
};

/* The value of key in a mapping; with *ret_line the line of the key itself. */
static yaml_node_t *member(yaml_document_t *doc, yaml_node_t *node,
                           struct sg_slice key, size_t *ret_line)
{
    if (node->type != YAML_MAPPING_NODE)
        return NULL;
    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        yaml_node_t *k = yaml_document_get_node(doc, pair->key);
        if (k == NULL || k->type != YAML_SCALAR_NODE
            || !sg_slice_eq(
                key, SG_SLICE(k->data.scalar.value, k->data.scalar.length)))
            continue;
        *ret_line = k->start_mark.line + 1;
        return yaml_document_get_node(doc, pair->value);
    }
    return NULL;
}

static yaml_node_t *element(yaml_document_t *doc, yaml_node_t *node,
                            struct sg_slice index, size_t *ret_line)
{
    char text[24] = "";
    uint64_t i = 0;
    struct sg_err err = { 0 };
    if (node->type != YAML_SEQUENCE_NODE || index.len >= sizeof(text))
        return NULL;
    memcpy(text, index.p, index.len);
    size_t n = (size_t)(node->data.sequence.items.top
                        - node->data.sequence.items.start);
    if (n == 0 || sg_parse_u64(text, 0, n - 1, &i, &err) != SG_OK)
        return NULL;
    node = yaml_document_get_node(doc, node->data.sequence.items.start[i]);
    if (node != NULL)
        *ret_line = node->start_mark.line + 1;
    return node;
}

size_t srv_yaml_line(struct srv_yaml *yaml, const char *entry)
{
    yaml_node_t *node = yaml_document_get_root_node(&yaml->doc);
    const char *p = entry;
    size_t line = 0;
    while (node != NULL && *p != '\0') {
        bool index = *p == '[';
        p += index || *p == '.' ? 1 : 0;
        size_t len = strcspn(p, index ? "]" : ".[");
        struct sg_slice step = SG_SLICE((const uint8_t *)p, len);
        node = index ? element(&yaml->doc, node, step, &line)
                     : member(&yaml->doc, node, step, &line);
        p += len;
        p += index && *p == ']' ? 1 : 0;
    }
    return node == NULL ? 0 : line;
}

enum sg_rc srv_yaml_new(struct sg_slice text, struct srv_yaml **ret_yaml,
                        struct sg_err *err)
{
    yaml_parser_t parser;
    struct srv_yaml *yaml = calloc(1, sizeof(*yaml));
    if (yaml == NULL || yaml_parser_initialize(&parser) == 0) {
        free(yaml);
        return sg_err_set(err, SG_NOMEM, "configuration");
    }
    yaml_parser_set_input_string(&parser, text.p, text.len);
    int ok = yaml_parser_load(&parser, &yaml->doc);
    yaml_parser_delete(&parser);
    if (ok == 0) {
        free(yaml);
        return sg_err_set(err, SG_FORMAT, "configuration: not YAML");
    }
    *ret_yaml = yaml;
    return SG_OK;
}

void srv_yaml_free(struct srv_yaml *yaml)
{
    if (yaml == NULL)
        return;
    yaml_document_delete(&yaml->doc);
    free(yaml);
}
