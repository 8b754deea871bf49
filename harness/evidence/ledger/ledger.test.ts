import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DrillRecord } from '../../model/record.ts';
import { madeUpDrill } from '../../reporting/testing/made-up-records.ts';
import { decodeEntry, encodeEntry } from './entry-file.ts';
import { Ledger } from './ledger.ts';
import { openLedgerStore, readFiles, readLedger } from './ledger-store.ts';
import { isSignedBy } from './public-key.ts';
import { entriesOfRun, MemoryStore, madeUpLedger, never, TestClock, testKey } from './testing/made-up-ledger.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dr-contracts-ledger-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const [started, drilled, finished] = entriesOfRun({ runId: 'r1' });
const read = async (store: Parameters<typeof readLedger>[0]) => await Array.fromAsync(readLedger(store, never));

describe('a ledger', () => {
  it('gives back what was appended, in order, each entry with the digest of the one before', async () => {
    const store = await openLedgerStore('ledger', folder);
    const ledger = new Ledger(store, undefined, new TestClock());
    for (const entry of entriesOfRun({ runId: 'r1' })) await ledger.append(entry, {}, never);
    const entries = await read(store);
    expect(entries.map(({ body }) => body)).toMatchObject([started, drilled, finished]);
    expect(entries.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    expect(entries.map(({ previous }) => previous)).toEqual([null, entries[0]?.digest, entries[1]?.digest]);
    expect(entries.every(({ keyId }) => keyId === null)).toBe(true);
  });

  it('says what was tested: the commit, unless the caller names more', async () => {
    const store = new MemoryStore();
    const ledger = new Ledger(store, undefined, new TestClock());
    const image = { name: 'image', digest: { sha256: 'ab' } };
    if (started === undefined || finished === undefined) throw new Error('no entries');
    await ledger.append(started, {}, never);
    await ledger.append(started, { subjects: [image] }, never);
    await ledger.append(finished, {}, never);
    const [commit, artefact, content] = await read(store);
    expect(commit?.subjects).toEqual([
      { name: 'source', digest: { gitCommit: 'c0ffee0000000000000000000000000000000000' } },
    ]);
    expect(artefact?.subjects).toEqual([image]);
    expect(content?.subjects).toMatchObject([
      { name: 'run-finished', digest: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) } },
    ]);
  });

  it('keeps a drill whose program was cut off inside a character', async () => {
    const store = new MemoryStore();
    const ledger = new Ledger(store, undefined, new TestClock());
    const cut = structuredClone(drilled);
    if (cut?.kind !== 'drill') throw new Error('no drill');
    cut.record.restore = { claimed: 'restored \ud83d', warnings: [], commands: [] };
    await ledger.append(cut, {}, never);
    const [entry] = await read(store);
    expect(entry?.body).toMatchObject({ record: { restore: { claimed: 'restored \ufffd' } } });
  });

  it('goes on after an entry that another writer appended in the meantime', async () => {
    const store = new MemoryStore();
    const [one, other] = [new Ledger(store, undefined, new TestClock()), new Ledger(store, undefined, new TestClock())];
    await Promise.all([
      ...entriesOfRun({ runId: 'r1' }).map((entry) => one.append(entry, {}, never)),
      ...entriesOfRun({ runId: 'r2' }).map((entry) => other.append(entry, {}, never)),
    ]);
    const entries = await read(store);
    expect(entries).toHaveLength(6);
    for (const [index, entry] of entries.entries()) expect(entry.previous).toBe(entries[index - 1]?.digest ?? null);
  });

  it('does not append what another writer has appended since', async () => {
    const { store, clock } = await madeUpLedger(1);
    const later = new TestClock('2026-02-01T00:00:00.000Z');
    const [one, other] = [new Ledger(store, undefined, clock), new Ledger(store, undefined, later)];
    const unless = { since: 3, isThere: ({ body }: { body: { kind: string } }) => body.kind === 'run-killed' };
    const killed = entriesOfRun({ runId: 'dead', ending: 'run-killed' }).at(-1);
    if (killed === undefined) throw new Error('no entry');
    const appended = await Promise.all([one, other].map((ledger) => ledger.append(killed, { unless }, never)));
    expect(appended.filter((each) => each !== undefined)).toHaveLength(1);
    expect(await read(store)).toHaveLength(4);
  });

  it('takes an entry that is its own for written, when the answer to the first request was lost', async () => {
    const store = new MemoryStore();
    const { create } = store;
    store.create = async (name, bytes) => {
      await create.call(store, name, bytes);
      return false;
    };
    const ledger = new Ledger(store, undefined, new TestClock());
    if (started === undefined) throw new Error('no entry');
    expect(await ledger.append(started, {}, never)).toMatchObject({ sequence: 1 });
    expect(store.files.size).toBe(1);
  });

  it('says how far the clock of this machine is behind the last entry', async () => {
    const { ledger, clock } = await madeUpLedger(1);
    clock.advance(-86_400_000 - 3_600_000);
    if (started === undefined) throw new Error('no entry');
    expect((await ledger.append(started, {}, never))?.clockBehindMs).toBeGreaterThan(3_000_000);
  });

  it.each([
    ['reviewer', { kind: 'sign-off', runId: 'r1', reviewer: ' ', outcome: 'accepted', comment: '' }],
    ['role', { kind: 'sign-off', runId: 'r1', reviewer: 'Ada', role: '', outcome: 'accepted', comment: '' }],
    ['reason', { kind: 'key-changed', to: { keyId: 'k', publicKeyPem: 'p' }, reason: '' }],
  ] as const)('takes no new entry with a blank %s, and reads an older one', async (field, entry) => {
    const store = new MemoryStore();
    await expect(new Ledger(store, undefined, new TestClock()).append(entry, {}, never)).rejects.toThrow(
      `entry for the ledger memory: expected \`${field}\` to be a text that is not blank, but it is "`,
    );
    expect(store.files.size).toBe(0);
    const body = { ...entry, at: '2026-01-01T00:00:00.000Z' };
    const place = { sequence: 1, previous: null };
    const bytes = await encodeEntry(place, body, { subjects: [], signer: undefined }, never);
    expect(decodeEntry(bytes)).toMatchObject({ body });
  });

  it('leaves nothing but whole entries in its folder', async () => {
    const store = await openLedgerStore(folder);
    const ledger = new Ledger(store, undefined, new TestClock());
    if (started === undefined) throw new Error('no entry');
    await ledger.append(started, {}, never);
    expect(await readdir(folder)).toEqual(['0000000001.intoto.jsonl']);
    expect(await readFile(join(folder, '0000000001.intoto.jsonl'), 'utf8')).toMatch(/^\{.*\}\n$/);
  });

  it('in a place that cannot be written says so', async () => {
    const store = await openLedgerStore('/dev/full/ledger');
    const ledger = new Ledger(store, undefined, new TestClock());
    if (started === undefined) throw new Error('no entry');
    await expect(ledger.append(started, {}, never)).rejects.toThrow(/ledger \/dev\/full\/ledger: expected/);
  });
});

describe('an entry', () => {
  it.each(['ed25519', 'p256'] as const)('is signed with %s over the bytes as they are stored', async (type) => {
    const key = await testKey(type);
    const { store } = await madeUpLedger(1, key.signer);
    for await (const { entry } of readFiles(store, never)) {
      if (!('envelopes' in entry)) throw new Error('unreadable');
      expect(entry.keyId).toBe(key.public.keyId);
      for (const { signedBytes, signature } of entry.envelopes) {
        expect(isSignedBy(key.public, signedBytes, signature?.bytes ?? new Uint8Array())).toBe(true);
      }
    }
  });

  it.each([
    ['met', 'PASSED'],
    ['at-risk', 'WARNED'],
    ['breached', 'FAILED'],
    ['unproven', 'FAILED'],
  ] as const)('of a drill that is %s has the standard test result %s beside it', async (verdict, result) => {
    const store = new MemoryStore();
    const ledger = new Ledger(store, undefined, new TestClock());
    const findings = [{ name: 'content' as const, verdict, sentence: 'Because.' }];
    const record = madeUpDrill({ judgement: { verdict, findings } });
    await ledger.append({ kind: 'drill', runId: 'r', measurementVersion: 1, record }, {}, never);
    for await (const { entry } of readFiles(store, never)) {
      if (!('envelopes' in entry)) throw new Error('unreadable');
      const statement = JSON.parse(String(entry.envelopes[1]?.payload));
      expect(statement).toMatchObject({
        _type: 'https://in-toto.io/Statement/v1',
        predicateType: 'https://in-toto.io/attestation/test-result/v0.1',
        predicate: { result },
      });
      const { passedTests, warnedTests, failedTests } = statement.predicate;
      expect([...passedTests, ...warnedTests, ...failedTests]).toEqual(['nats-streams/stream-deleted/content']);
    }
  });
});

describe('an entry of a drill', () => {
  const entryOf = async (record: DrillRecord) => {
    const body = { kind: 'drill' as const, runId: 'r', at: '2026-01-01T00:00:00.000Z', measurementVersion: 1, record };
    return decodeEntry(
      await encodeEntry({ sequence: 1, previous: null }, body, { subjects: [], signer: undefined }, never),
    );
  };

  it('can be read where its record has a field that this version does not know: its test result is that of the whole record', async () => {
    const later = Object.assign(madeUpDrill(), { later: { than: 'this version' } });
    expect(await entryOf(later)).toMatchObject({ sequence: 1, body: { kind: 'drill' } });
  });

  it('can be read where canonical JSON orders its members in another way than JavaScript', async () => {
    const record = madeUpDrill();
    record.environment.settings = { '10': 'a', '9': 'b' };
    expect(await entryOf(record)).toMatchObject({ sequence: 1, body: { kind: 'drill' } });
  });
});
