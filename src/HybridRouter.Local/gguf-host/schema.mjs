// JSON Schema to GBNF. What the schema does not say, or says in a way not known here, stays free JSON: a grammar that
// is too wide is a nuisance, one that is too narrow or fails to parse breaks the request.
const generic = {
  value: 'object | array | string | number | "true" | "false" | "null"',
  object: '"{" (member (", " member)*)? "}"',
  member: 'string ": " value',
  array: '"[" (value (", " value)*)? "]"',
  string: '"\\"" char* "\\""',
  char: '[^"\\\\\\x7F\\x00-\\x1F] | "\\\\" (["\\\\/bfnrt] | "u" [0-9a-fA-F]{4})',
  number: 'integer ("." [0-9]{1,16})? ([eE] [-+]? [0-9]{1,3})?',
  integer: '"-"? ("0" | [1-9] [0-9]{0,15})',
  boolean: '"true" | "false"',
};
const maxRepeats = 1000;

export class GrammarBuilder {
  #rules = new Map(Object.entries(generic));
  #references = new Map();
  #next = 0;

  /** GBNF of `root`, an expression over rules made here. */
  text(root) {
    return [`root ::= ${root}`, ...[...this.#rules].map(([name, body]) => `${name} ::= ${body}`)].join("\n") + "\n";
  }

  /** Name of a rule for the schema. */
  schema(schema, document = schema) {
    if (schema === null || typeof schema !== "object") return "value";
    if (typeof schema.$ref === "string") return this.#reference(schema.$ref, document);
    if ("const" in schema) return this.#rule(quote(json(schema.const)));
    if (Array.isArray(schema.enum) && schema.enum.length > 0) return this.#rule(schema.enum.map((value) => quote(json(value))).join(" | "));
    const options = schema.anyOf ?? schema.oneOf;
    if (Array.isArray(options) && options.length > 0) return this.#anyOf(options.map((option) => merge(schema, option)), document);
    if (Array.isArray(schema.allOf)) return this.schema(schema.allOf.map((part) => resolve(part, document)).reduce(merge, schema), document);
    if (Array.isArray(schema.type)) return this.#anyOf(schema.type.map((type) => ({ ...schema, type })), document);
    switch (schema.type ?? (isObject(schema.properties) ? "object" : undefined)) {
      case "object": return this.#object(schema, document);
      case "array": return this.#array(schema, document);
      case "string": return this.#string(schema);
      case "integer": return "integer";
      case "number": return "number";
      case "boolean": return "boolean";
      case "null": return this.#rule('"null"');
      default: return "value";
    }
  }

  #rule(body) {
    const name = `r${this.#next++}`;
    this.#rules.set(name, body);
    return name;
  }

  #reference(reference, document) {
    if (!this.#references.has(document)) this.#references.set(document, new Map());
    const known = this.#references.get(document);
    if (known.has(reference)) return known.get(reference);
    const name = this.#rule("value");
    known.set(reference, name);
    const target = resolve({ $ref: reference }, document);
    this.#rules.set(name, target && typeof target.$ref !== "string" ? this.schema(target, document) : "value");
    return name;
  }

  #anyOf(schemas, document) {
    return this.#rule(schemas.map((schema) => this.schema(schema, document)).join(" | "));
  }

  // Members come in the schema's order; each optional one may be left out.
  #object(schema, document) {
    const properties = isObject(schema.properties) ? Object.entries(schema.properties) : [];
    if (properties.length === 0) {
      if (schema.additionalProperties === false) return this.#rule('"{}"');
      if (!isObject(schema.additionalProperties)) return "object";
      const value = this.schema(schema.additionalProperties, document);
      return this.#rule(`"{" (string ": " ${value} (", " string ": " ${value})*)? "}"`);
    }
    const required = new Set(Array.isArray(schema.required) ? schema.required : []);
    let first = '""';
    let later = '""';
    for (const [name, value] of properties.reverse()) {
      const member = this.#rule(`${quote(`${json(name)}: `)} ${this.schema(value, document)}`);
      const [firstRest, laterRest] = [this.#rule(first), this.#rule(later)];
      first = required.has(name) ? `${member} ${laterRest}` : `${member} ${laterRest} | ${firstRest}`;
      later = required.has(name) ? `", " ${member} ${laterRest}` : `(", " ${member})? ${laterRest}`;
    }
    return this.#rule(`"{" ${this.#rule(first)} "}"`);
  }

  #array(schema, document) {
    const prefix = Array.isArray(schema.prefixItems) ? schema.prefixItems : [];
    if (prefix.length > 0) return this.#rule(`"[" ${prefix.map((item) => this.schema(item, document)).join(' ", " ')} "]"`);
    const item = this.schema(schema.items, document);
    const min = bound(schema.minItems) ?? 0;
    const max = bound(schema.maxItems);
    if (max === 0) return this.#rule('"[]"');
    const more = `(", " ${item}){${Math.max(min - 1, 0)},${max === undefined ? "" : Math.max(max - 1, min - 1, 0)}}`;
    return this.#rule(min > 0 ? `"[" ${item} ${more} "]"` : `"[" (${item} ${more})? "]"`);
  }

  #string(schema) {
    const min = bound(schema.minLength) ?? 0;
    const max = bound(schema.maxLength);
    if (min === 0 && max === undefined) return "string";
    return this.#rule(`"\\"" char{${min},${max === undefined ? "" : Math.max(max, min)}} "\\""`);
  }
}

/** A GBNF literal. */
export const quote = (text) =>
  `"${text.replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n").replace(/\r/g, "\\r").replace(/\t/g, "\\t")}"`;

// The spacing of the generic rules, which is also how models are trained to write calls.
function json(value) {
  if (Array.isArray(value)) return `[${value.map(json).join(", ")}]`;
  if (isObject(value)) return `{${Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}: ${json(member)}`).join(", ")}}`;
  return JSON.stringify(value) ?? "null";
}

function merge(schema, part) {
  const { anyOf, oneOf, allOf, ...rest } = schema;
  if (!isObject(part)) return rest;
  return {
    ...rest,
    ...part,
    ...(rest.properties || part.properties ? { properties: { ...rest.properties, ...part.properties } } : {}),
    ...(rest.required || part.required ? { required: [...(rest.required ?? []), ...(part.required ?? [])] } : {}),
  };
}

function resolve(schema, document) {
  if (!isObject(schema) || typeof schema.$ref !== "string") return schema;
  if (!schema.$ref.startsWith("#")) return undefined;
  return schema.$ref.slice(1).split("/").slice(1).reduce(
    (node, part) => node?.[decodeURIComponent(part).replace(/~1/g, "/").replace(/~0/g, "~")], document);
}

function isObject(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

// A bound too large for a grammar is no bound.
function bound(value) {
  return Number.isInteger(value) && value >= 0 && value <= maxRepeats ? value : undefined;
}
