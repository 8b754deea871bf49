import type { PostureDifference } from '../../model/posture.ts';

/** Returns every value of a JSON document by its path. List entries with an id are keyed by it, so their order does not matter. */
function flattened(value: unknown, path = ''): Map<string, string> {
  const values = new Map<string, string>();
  visit(value, path, values);
  return values;
}

function visit(value: unknown, path: string, into: Map<string, string>): void {
  if (value === undefined || value === null) return;
  if (value instanceof Date) into.set(path, value.toISOString());
  else if (Array.isArray(value)) {
    const named = value.map((entry: unknown) => ({ entry, id: idOf(entry) }));
    const isSet = named.every(({ entry, id }) => id === undefined && typeof entry !== 'object');
    if (isSet) into.set(path, value.map(String).toSorted().join(', '));
    else for (const [index, { entry, id }] of named.entries()) visit(entry, `${path}[${id ?? index}]`, into);
  } else if (typeof value === 'object') {
    for (const [key, child] of Object.entries(value)) visit(child, path === '' ? key : `${path}.${key}`, into);
  } else into.set(path, String(value));
}

function idOf(entry: unknown): string | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined;
  for (const key of ['ID', 'Sid', 'Id']) {
    if (key in entry) return String((entry as Readonly<Record<string, unknown>>)[key]);
  }
  return undefined;
}

export interface SettingComparison {
  readonly compared: number;
  readonly differences: readonly PostureDifference[];
}

/** Compares a live setting with the declared one; reports other values and undeclared ones. */
export function compareSetting(name: string, declared: unknown, live: unknown): SettingComparison {
  if (live === undefined) {
    const difference = {
      item: name,
      expected: 'the declared setting',
      found: 'no setting',
      nextStep: 'Apply what is declared.',
    };
    return { compared: 1, differences: [difference] };
  }
  const wanted = flattened(declared, name);
  const found = flattened(live, name);
  const differences: PostureDifference[] = [];
  for (const [path, expected] of wanted) {
    const value = found.get(path) ?? 'nothing';
    if (value !== expected)
      differences.push({ item: path, expected, found: value, nextStep: 'Apply what is declared.' });
  }
  for (const [path, value] of found) {
    if (wanted.has(path) || value === 'false') continue;
    differences.push({ item: path, expected: 'nothing', found: value, nextStep: 'Declare it, or take it away.' });
  }
  return { compared: new Set([...wanted.keys(), ...found.keys()]).size, differences };
}
