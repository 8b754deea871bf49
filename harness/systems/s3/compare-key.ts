import type { Compared as ComparedAs, Pair } from '../../asset-kit/comparison.ts';
import type { Difference } from '../../model/record.ts';
import type { KeyFingerprint, VersionFingerprint, View } from './fingerprint.ts';
import type { KeyHistory } from './listing.ts';
import type { VersionState } from './version-state.ts';

export const countedKinds = ['current objects', 'object versions', 'delete markers'] as const;
type Compared = ComparedAs<(typeof countedKinds)[number]>;

/** Reads the state of a listed version. */
export type StateReader = (version: { readonly key: string; readonly versionId: string }) => Promise<VersionState>;

/**
 * Compares one key: the content of a plain read now and at the fingerprint, and every version of the fingerprint with itself. Versions that
 * the disaster and the restore added below the current one are no difference.
 */
export async function compareKey(
  pair: Pair<KeyFingerprint, KeyHistory>,
  readState: StateReader,
  nowUtc: string,
  view: View = 'with history',
): Promise<Compared[]> {
  const observed = new Map(pair.observed?.versions.map((version) => [version.versionId, version]));
  const read = remembered(pair.key, readState);
  const compared: Compared[] = [];
  const current = pair.observed?.versions.find(({ isLatest, deleteMarker }) => isLatest && !deleteMarker);
  const expectedCurrent = pair.expected?.versions.find(({ isLatest }) => isLatest)?.state ?? undefined;
  if (expectedCurrent !== undefined || current !== undefined) {
    const state = current && (await read(current.versionId));
    const deleted = pair.expected !== undefined;
    compared.push(compareCurrent(pair.key, expectedCurrent, state, deleted, nowUtc));
  }
  if (view === 'current only') return compared;
  for (const expected of pair.expected?.versions ?? []) {
    const survivor = observed.get(expected.versionId);
    const state = survivor === undefined || survivor.deleteMarker ? null : await read(survivor.versionId);
    compared.push(compareVersion(pair.key, expected, survivor !== undefined, state));
  }
  return compared;
}

function compareCurrent(
  key: string,
  expected: VersionState | undefined,
  observed: VersionState | undefined,
  wasDeleted: boolean,
  nowUtc: string,
): Compared {
  const kind = 'current objects';
  const item = `object "${key}"`;
  if (expected === undefined) {
    const then = wasDeleted ? 'deleted (it was deleted before the disaster)' : 'absent (it was never written)';
    const now = `an object of ${observed?.sizeBytes ?? 0} bytes`;
    return { kind, outcome: 'extra', differences: [{ item, field: 'presence', expected: then, observed: now }] };
  }
  if (observed === undefined) {
    const then = `an object of ${expected.sizeBytes} bytes`;
    return { kind, outcome: 'missing', differences: [{ item, field: 'presence', expected: then, observed: 'absent' }] };
  }
  // S3 accepts no retention that ends in the past, so an expired one cannot be restored.
  const lapsed = expected.retention !== null && expected.retention.retainUntil <= nowUtc;
  const differences = differencesBetween(
    item,
    expected,
    lapsed ? { ...observed, retention: expected.retention } : observed,
  );
  return { kind, outcome: differences.length === 0 ? 'matched' : 'differing', differences };
}

function compareVersion(
  key: string,
  expected: VersionFingerprint,
  survives: boolean,
  state: VersionState | null,
): Compared {
  const kind = expected.state === null ? 'delete markers' : 'object versions';
  const item = `${expected.state === null ? 'delete marker' : 'version'} ${expected.versionId} of "${key}"`;
  if (!survives) {
    const then = `kept (written ${expected.lastModified})`;
    return { kind, outcome: 'missing', differences: [{ item, field: 'presence', expected: then, observed: 'absent' }] };
  }
  const differences =
    expected.state === null || state === null
      ? sameKind(item, expected.state, state)
      : differencesBetween(item, expected.state, state);
  return { kind, outcome: differences.length === 0 ? 'matched' : 'differing', differences };
}

function sameKind(item: string, expected: VersionState | null, observed: VersionState | null): Difference[] {
  if ((expected === null) === (observed === null)) return [];
  const name = (state: VersionState | null) => (state === null ? 'a delete marker' : 'an object version');
  return [{ item, field: 'kind', expected: name(expected), observed: name(observed) }];
}

const comparedFields = ['sizeBytes', 'sha256', 'headers', 'metadata', 'tags', 'retention', 'legalHold'] as const;

function differencesBetween(item: string, expected: VersionState, observed: VersionState): Difference[] {
  return comparedFields
    .map((field) => ({ item, field, expected: shown(expected[field]), observed: shown(observed[field]) }))
    .filter((difference) => difference.expected !== difference.observed);
}

function shown(value: VersionState[(typeof comparedFields)[number]]): string {
  if (value === null) return 'none';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Reads each version of the key at most once, because the current one is often also an old one. */
function remembered(key: string, readState: StateReader): (versionId: string) => Promise<VersionState> {
  const states = new Map<string, Promise<VersionState>>();
  return (versionId) => {
    const state = states.get(versionId) ?? readState({ key, versionId });
    states.set(versionId, state);
    return state;
  };
}
