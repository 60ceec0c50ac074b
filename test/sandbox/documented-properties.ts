import {
  type Description,
  type Schema,
  type SchemaObject,
  isSchema,
  isSchemaObject,
  resolveReference,
} from "./openapi.ts";

/**
 * JSON pointers of the properties in `value` that no branch of the schema names. GitHub's schemas are open, so a
 * validator lets a misspelt field pass; GitHub then ignores it or answers 422.
 */
export function undocumentedProperties(
  description: Description,
  schema: Schema,
  value: unknown,
  pointer = "",
): string[] {
  const branches = branchesOf(description, schema);
  if (Array.isArray(value)) {
    const items = branches.flatMap(({ items }) => (isSchema(items) ? [items] : []));
    if (items.length === 0) return [];
    return value.flatMap((item, index) =>
      undocumentedProperties(description, { anyOf: items }, item, `${pointer}/${index}`),
    );
  }
  if (typeof value !== "object" || value === null) return [];
  const objects = branches.filter(mayBeObject);
  if (objects.length === 0 || objects.some(isOpen)) return [];
  return Object.entries(value).flatMap(([name, child]) => {
    const schemas = objects.map((branch) => propertiesOf(branch)[name]).filter(isSchema);
    if (schemas.length === 0) return [`${pointer}/${name}`];
    return undocumentedProperties(description, { anyOf: schemas }, child, `${pointer}/${name}`);
  });
}

/** The alternatives and parts of a schema, flattened: which of them applies does not matter here. */
function branchesOf(description: Description, schema: Schema): SchemaObject[] {
  const resolved = resolveReference(description, schema);
  if (!isSchemaObject(resolved)) return [];
  const parts = ["anyOf", "oneOf", "allOf"].flatMap((keyword) => {
    const list = resolved[keyword];
    return Array.isArray(list) ? list.filter(isSchema) : [];
  });
  return [resolved, ...parts.flatMap((part) => branchesOf(description, part))];
}

function mayBeObject(branch: SchemaObject): boolean {
  return branch["type"] === "object" || branch["properties"] !== undefined;
}

function isOpen(branch: SchemaObject): boolean {
  const extra = branch["additionalProperties"];
  return (extra !== undefined && extra !== false) || branch["properties"] === undefined;
}

function propertiesOf(branch: SchemaObject): SchemaObject {
  return isSchemaObject(branch["properties"]) ? branch["properties"] : {};
}
