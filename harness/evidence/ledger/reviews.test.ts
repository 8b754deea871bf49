import { beforeAll, describe, expect, it } from 'vitest';
import { madeUpDrill } from '../../reporting/testing/made-up-records.ts';
import type { EntryReference } from '../entry.ts';
import { digestOf, entryName } from './entry-file.ts';
import { Ledger, type NewEntry } from './ledger.ts';
import {
  DAY_MS,
  entriesOfRun,
  type MadeUpLedger,
  madeUpLedger,
  never,
  type TestKey,
  testKey,
} from './testing/made-up-ledger.ts';
import { verifyLedger } from './verify-ledger.ts';

// A ledger of two runs by one key (entries 1 to 6), and reviews of them by another key.

let runner: TestKey;
let reviewer: TestKey;
beforeAll(async () => {
  [runner, reviewer] = [await testKey(), await testKey('p256')];
});

const made = () => madeUpLedger(2, runner.signer);

async function append({ store, clock }: MadeUpLedger, entry: NewEntry, by: TestKey | undefined = reviewer) {
  clock.advance(60_000);
  await new Ledger(store, by?.signer, clock).append(entry, {}, never);
}

const verify = ({ store, clock }: MadeUpLedger, reviewers = [reviewer.public]) =>
  verifyLedger(store, { keys: [runner.public], reviewerKeys: reviewers, anchors: [], nowUtc: clock.now().utc }, never);

const at = ({ store }: MadeUpLedger, sequence: number): EntryReference => ({
  sequence,
  digest: digestOf(store.files.get(entryName(sequence)) ?? Buffer.alloc(0)),
});

const signOff = (ledger: MadeUpLedger, runId: string | null, sequence: number): NewEntry => ({
  kind: 'sign-off',
  runId,
  contract: runId === null ? 'nats-streams' : null,
  reviewer: 'Ada',
  outcome: 'accepted',
  comment: '',
  reviewed: [{ contract: 'nats-streams', disaster: 'stream-deleted', ...at(ledger, sequence) }],
});

const deviation = (due = '2026-02-01'): NewEntry => ({
  kind: 'deviation',
  contract: 'nats-streams',
  disaster: 'stream-deleted',
  drillId: null,
  cause: 'a consumer was missing',
  correctiveAction: 'back consumers up',
  owner: 'messaging',
  due,
  ticket: null,
});

const closing = (ledger: MadeUpLedger, opened: number, retest: number): NewEntry => ({
  kind: 'deviation-closed',
  deviation: at(ledger, opened),
  retest: { ...at(ledger, retest), runId: 'r', drillId: 'd', verdict: 'met' },
  closedBy: 'Ada',
  comment: '',
});

const sentences = async (ledger: MadeUpLedger) => (await verify(ledger)).faults.map(({ sentence }) => sentence);

describe('the key of a reviewer', () => {
  it('counts for sign-offs and deviations, and is a stranger where nobody gave it', async () => {
    const ledger = await made();
    await append(ledger, signOff(ledger, 'r2', 5));
    await append(ledger, deviation());
    expect(await verify(ledger)).toMatchObject({ verdict: 'valid', faults: [], notes: [] });
    const { verdict, faults } = await verify(ledger, []);
    expect([verdict, faults.map(({ name, sequence }) => [name, sequence])]).toEqual([
      'invalid',
      [
        ['stranger', 7],
        ['stranger', 8],
      ],
    ]);
  });

  it('counts for nothing else: who reviews cannot write drills', async () => {
    const ledger = await made();
    for (const entry of entriesOfRun({ runId: 'r3' })) await append(ledger, entry);
    const { verdict, faults } = await verify(ledger);
    expect([verdict, faults[0]?.sentence]).toEqual([
      'invalid',
      expect.stringMatching(/^Entry 7 \(run-started\) is signed by key [0-9a-f]{16}, which may sign reviews only/),
    ]);
  });

  it('is checked against the content: an edited sign-off is told', async () => {
    const ledger = await made();
    await append(ledger, signOff(ledger, 'r2', 5));
    const name = entryName(7);
    const line = JSON.parse(String(ledger.store.files.get(name)));
    const payload = Buffer.from(line.payload, 'base64').toString().replace('accepted', 'rejected');
    const edited = { ...line, payload: Buffer.from(payload).toString('base64') };
    ledger.store.files.set(name, Buffer.from(`${JSON.stringify(edited)}\n`));
    expect((await verify(ledger)).faults).toMatchObject([{ name: 'edited', sequence: 7 }]);
  });

  it('may sign in a ledger that is not signed otherwise, which stays an unsigned one', async () => {
    const ledger = await madeUpLedger(1);
    await append(ledger, signOff(ledger, 'r1', 2));
    for (const entry of entriesOfRun({ runId: 'r2' })) await ledger.ledger.append(entry, {}, never);
    expect(await verify(ledger)).toMatchObject({ verdict: 'unsigned', faults: [] });
    // Its signature is still checked, without any other key.
    const name = entryName(4);
    const noise = String(ledger.store.files.get(name)).replace(/"sig":"..../, '"sig":"AAAA');
    ledger.store.files.set(name, Buffer.from(noise));
    const options = { keys: [], reviewerKeys: [reviewer.public], anchors: [], nowUtc: ledger.clock.now().utc };
    expect((await verifyLedger(ledger.store, options, never)).faults).toContainEqual(
      expect.objectContaining({ name: 'edited', sequence: 4 }),
    );
  });
});

describe('verify finds unfounded', () => {
  it('a sign-off of a run that the ledger does not hold, unless it was removed with old entries', async () => {
    const ledger = await made();
    await append(ledger, signOff(ledger, 'r9', 5));
    expect(await sentences(ledger)).toEqual([
      'Entry 7 is a sign-off by Ada of run r9, which the ledger does not hold.',
    ]);
    const removedBefore = ledger.clock.now().utc;
    const removal = { kind: 'checkpoint', removedThrough: 6, digest: at(ledger, 6).digest, removedBefore } as const;
    await append(ledger, { ...removal, keepDays: 1 }, runner);
    for (const sequence of [1, 2, 3, 4, 5, 6]) ledger.store.files.delete(entryName(sequence));
    expect(await verify(ledger)).toMatchObject({ verdict: 'valid', faults: [] });
  });

  it('a sign-off of an entry that came later', async () => {
    const ledger = await made();
    await append(ledger, signOff(ledger, null, 50));
    expect(await sentences(ledger)).toEqual(['Entry 7 is a sign-off by Ada of entry 50, which came later.']);
  });

  it('the closing of a deviation by a drill that came before it, and accepts one that came after', async () => {
    const ledger = await made();
    await append(ledger, deviation());
    for (const entry of entriesOfRun({ runId: 'r3' })) await ledger.ledger.append(entry, {}, never);
    await append(ledger, closing(ledger, 7, 5));
    expect(await sentences(ledger)).toEqual([
      'Entry 11 closes deviation 7 of nats-streams › stream-deleted by entry 5, which is not a later drill of it that was met.',
    ]);
    const other = await made();
    await append(other, deviation());
    for (const entry of entriesOfRun({ runId: 'r3' })) await other.ledger.append(entry, {}, never);
    await append(other, closing(other, 7, 9));
    expect(await verify(other)).toMatchObject({ verdict: 'valid', faults: [] });
  });

  it.each([
    ['breached', madeUpDrill({ drillId: 'x', judgement: { verdict: 'breached' } })],
    ['of another disaster', madeUpDrill({ drillId: 'x', disaster: 'server-lost' })],
    ['of another contract', madeUpDrill({ drillId: 'x', contract: 'api' })],
  ])('the closing of a deviation by a drill that is %s', async (_what, drill) => {
    const ledger = await made();
    await append(ledger, deviation());
    for (const entry of entriesOfRun({ runId: 'r3', drills: [drill] })) await ledger.ledger.append(entry, {}, never);
    await append(ledger, closing(ledger, 7, 9));
    expect(await verify(ledger)).toMatchObject({ verdict: 'invalid', faults: [{ name: 'unfounded', sequence: 11 }] });
  });

  it('the closing of something that is no open deviation, such as one that was closed before', async () => {
    const ledger = await made();
    await append(ledger, deviation());
    for (const entry of entriesOfRun({ runId: 'r3' })) await ledger.ledger.append(entry, {}, never);
    for (let time = 0; time < 2; time += 1) await append(ledger, closing(ledger, 7, 9));
    expect(await sentences(ledger)).toEqual([
      'Entry 12 closes entry 7, which is not an open deviation of this ledger.',
    ]);
  });
});

it('verify notes a deviation that is overdue', async () => {
  const ledger = await made();
  await append(ledger, deviation('2026-01-03'));
  expect((await verify(ledger)).notes).toEqual([]);
  ledger.clock.advance(DAY_MS);
  expect(await verify(ledger)).toMatchObject({
    verdict: 'valid',
    notes: [{ name: 'deviation is overdue', sentence: expect.stringContaining('was due on 2026-01-03') }],
  });
});
