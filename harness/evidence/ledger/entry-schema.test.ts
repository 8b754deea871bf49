import { readFile } from 'node:fs/promises';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { beforeAll, describe, expect, it } from 'vitest';
import { recordedRun } from '../../verdict/testing/recorded-run.ts';
import { Ledger, type NewEntry } from './ledger.ts';
import { entriesOfRun, MemoryStore, madeUpPromise, never, TestClock, testKey } from './testing/made-up-ledger.ts';

// Checks real entries against the published schema, with a third-party validator.

let isEntry: ValidateFunction;
beforeAll(async () => {
  const file = new URL('../../../reports/schema/ledger-entry.schema.json', import.meta.url);
  const ajv = new Ajv2020({ allErrors: true, strict: true, discriminator: false });
  addFormats.default(ajv);
  isEntry = ajv.compile(JSON.parse(await readFile(file, 'utf8')));
});

/** Returns the statements of entries, as stored in the files of a ledger. */
async function stored(entries: readonly NewEntry[]): Promise<readonly unknown[]> {
  const store = new MemoryStore();
  const { signer } = await testKey();
  const ledger = new Ledger(store, signer, new TestClock());
  for (const entry of entries) await ledger.append(entry, {}, never);
  return [...store.files.values()].map((bytes) => {
    const [line = ''] = String(bytes).split('\n');
    return JSON.parse(Buffer.from(JSON.parse(line).payload, 'base64').toString());
  });
}

const digest = `sha256:${'a'.repeat(64)}`;
const OTHERS: readonly NewEntry[] = [
  {
    kind: 'sign-off',
    runId: 'r1',
    contract: null,
    reviewer: 'Ada',
    role: 'head of platform',
    outcome: 'accepted',
    comment: '',
    reviewed: [{ contract: 'orders', disaster: null, sequence: 2, digest }],
  },
  {
    kind: 'deviation',
    contract: 'orders',
    disaster: null,
    drillId: null,
    cause: 'c',
    correctiveAction: 'a',
    owner: 'o',
    due: '2027-01-31',
    ticket: null,
  },
  {
    kind: 'deviation-closed',
    deviation: { sequence: 3, digest },
    retest: { sequence: 4, digest, runId: 'r', drillId: 'd', verdict: 'met' },
    closedBy: 'Ada',
    comment: '',
  },
  { kind: 'checkpoint', removedThrough: 3, digest, removedBefore: '2026-01-01T00:00:00.000Z', keepDays: 400 },
  { kind: 'key-changed', to: { keyId: 'b'.repeat(64), publicKeyPem: '-----BEGIN' }, reason: 'yearly' },
];

const faultsIn = (statement: unknown) => (isEntry(statement) ? [] : (isEntry.errors ?? []));

describe('the published schema of a ledger entry', () => {
  it.each(['local', 'docker'] as const)('accepts every drill of a real run on %s', async (target) => {
    const { drills } = await recordedRun(target);
    expect(drills.length).toBeGreaterThan(10);
    const promises = [madeUpPromise({ cadenceMs: 1_000, audit: { testKind: 'k' }, inputs: [{ path: 'p', digest }] })];
    const statements = await stored(entriesOfRun({ runId: 'r1', drills, promises }));
    expect(statements).toHaveLength(drills.length + 2);
    expect(statements.flatMap(faultsIn)).toEqual([]);
  });

  it('accepts posture checks, a killed run, and what people say', async () => {
    const { postures } = await recordedRun('docker');
    expect(postures.length).toBeGreaterThan(0);
    const run = entriesOfRun({ runId: 'r1', ending: 'run-killed' }).map((entry) =>
      entry.kind === 'run-killed' ? { ...entry, run: { ...entry.run, postures: [...postures] } } : entry,
    );
    expect((await stored([...run, ...OTHERS])).flatMap(faultsIn)).toEqual([]);
  });

  it.each([
    ['another predicate', (entry: Entry) => ({ ...entry, predicateType: 'urn:other' })],
    ['no subject', (entry: Entry) => ({ ...entry, subject: [] })],
    ['a subject without a digest', (entry: Entry) => ({ ...entry, subject: [{ name: 'x', digest: {} }] })],
    ['a misspelt field', (entry: Entry) => withBody(entry, { reviever: 'Ada' })],
    ['another outcome', (entry: Entry) => withBody(entry, { outcome: 'perhaps' })],
    ['a kind that there is not', (entry: Entry) => withBody(entry, { kind: 'rumour' })],
    ['a day as its time', (entry: Entry) => withBody(entry, { at: '2026-01-01' })],
  ])('refuses %s', async (_what, change) => {
    const [signOff] = await stored(OTHERS.filter(({ kind }) => kind === 'sign-off'));
    expect(faultsIn(signOff)).toEqual([]);
    expect(faultsIn(change(signOff as Entry))).not.toEqual([]);
  });
});

interface Entry {
  readonly predicate: { readonly body: object };
}

const withBody = (entry: Entry, change: object) => ({
  ...entry,
  predicate: { ...entry.predicate, body: { ...entry.predicate.body, ...change } },
});
