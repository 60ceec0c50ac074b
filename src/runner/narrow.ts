/** Reads single fields of JSON that others wrote. A field of another shape is the same as no field. */

export type Json = Readonly<Record<string, unknown>>;

/** Null where the text is no JSON, or JSON of another kind. */
export function parseObject(text: string): Json | null {
  try {
    return asObject(JSON.parse(text));
  } catch {
    // Torn or foreign text is normal at a border; the caller knows what it means there.
    return null;
  }
}

export function asObject(value: unknown): Json | null {
  return isObject(value) ? value : null;
}

export function objectAt(json: Json, key: string): Json | null {
  return asObject(json[key]);
}

export function objectsAt(json: Json, key: string): readonly Json[] {
  return listAt(json, key).filter(isObject);
}

export function stringAt(json: Json, key: string): string | null {
  const value = json[key];
  return typeof value === "string" ? value : null;
}

export function stringsAt(json: Json, key: string): readonly string[] {
  return listAt(json, key).filter((item) => typeof item === "string");
}

export function numberAt(json: Json, key: string): number | null {
  const value = json[key];
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** A count or an amount: never negative, zero where there is none. */
export function amountAt(json: Json, key: string): number {
  return Math.max(0, numberAt(json, key) ?? 0);
}

function listAt(json: Json, key: string): readonly unknown[] {
  const value = json[key];
  return Array.isArray(value) ? value : [];
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
