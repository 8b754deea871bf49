// Null means absent: the API server decodes it into the zero value of the field, which the API's types take for "not set". In a map of
// texts the key stays, and its value is the empty text (encoding/json of Go, into map[string]string and map[string][]byte).

/** An object of a manifest without fields that are null, as the API server takes them. */
export function withoutNulls(value: unknown): unknown {
  return cleaned(value, mapsOfTexts(value));
}

function cleaned(value: unknown, maps: ReadonlySet<unknown>): unknown {
  if (Array.isArray(value)) return value.map((item) => cleaned(item, maps));
  if (!isMap(value)) return value;
  if (maps.has(value)) return Object.fromEntries(Object.entries(value).map(([key, text]) => [key, text ?? '']));
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => (inner === null ? [] : [[key, cleaned(inner, maps)]])),
  );
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function mapsOfTexts(value: unknown): ReadonlySet<unknown> {
  if (!isMap(value)) return new Set();
  const { apiVersion, kind, metadata } = value;
  const content =
    apiVersion === 'v1' && (kind === 'ConfigMap' || kind === 'Secret')
      ? [value['data'], value['binaryData'], value['stringData']]
      : [];
  return new Set([...content, ...(isMap(metadata) ? [metadata['labels'], metadata['annotations']] : [])].filter(isMap));
}
