import { describe, expect, it } from 'vitest';
import type { EntryBody, EntryOf } from '../entry.ts';
import type { GateDecision } from './decision.ts';
import { gateDecisionSchema } from './decision.ts';
import { parsePolicy } from './policy.ts';
import { type Asked, DAY_MS, decide, KEY, NOW, promise, run, STRANGER, waiver } from './testing/made-up-gate.ts';

const REVIEWER = 'c'.repeat(64);
const policy: Asked['policy'] = { signOff: { signedBy: [REVIEWER] } };
const digestOf = (sequence: number) => `sha256:${String(sequence).padStart(64, '0')}`;
const digest = digestOf(2);

function signOff(wanted: Partial<EntryOf<'sign-off'>> & { agoMs?: number; keyId?: string | null } = {}) {
  const { agoMs = 60_000, keyId = REVIEWER, ...rest } = wanted;
  return {
    kind: 'sign-off' as const,
    at: new Date(NOW.getTime() - agoMs).toISOString(),
    runId: null,
    contract: 'orders',
    reviewer: 'Ada',
    role: 'head of platform',
    outcome: 'accepted' as const,
    comment: '',
    ...rest,
    keyId,
  };
}

const told = ({ exitCode, promises }: GateDecision) => [
  exitCode,
  ...promises.flatMap(({ problems }) => problems.map(({ kind, sentence }) => `${kind}: ${sentence}`)),
];

describe('a policy that asks for a sign-off', () => {
  it('passes what somebody with a key of the policy has accepted, and says who', async () => {
    const decision = await decide([...run({ keyId: KEY }), signOff()], { policy });
    expect(decision).toMatchObject({
      exitCode: 0,
      promises: [{ proofs: [{ signOff: { reviewer: 'Ada', outcome: 'accepted' } }] }],
    });
    expect(gateDecisionSchema.parse(decision)).toEqual(decision);
  });

  it('passes what was reviewed as part of a whole run', async () => {
    const reviewed = [{ contract: 'orders', disaster: 'wiped', sequence: 2, digest }];
    const ofRun = signOff({ runId: 'r1', contract: null, reviewed });
    expect((await decide([...run(), ofRun], { policy })).exitCode).toBe(0);
    const ofOther = signOff({ runId: 'r1', contract: null, reviewed: [{ ...reviewed[0], contract: 'x' } as never] });
    expect((await decide([...run(), ofOther], { policy })).exitCode).toBe(2);
  });

  it.each([
    ['nobody', [], 'It is not signed off; the policy asks for a sign-off every 90 d, with a key that it names.'],
    [
      'a stranger',
      [signOff({ keyId: STRANGER })],
      'It is not signed off; the policy asks for a sign-off every 90 d, with a key that it names.',
    ],
    [
      'somebody without a key',
      [signOff({ keyId: null })],
      'It is not signed off; the policy asks for a sign-off every 90 d, with a key that it names.',
    ],
    [
      'somebody too long ago',
      [signOff({ agoMs: 91 * DAY_MS })],
      'The last sign-off, by Ada (head of platform), is 91 d old, and the policy allows 90 d.',
    ],
    [
      'somebody who rejected it since',
      [signOff(), signOff({ outcome: 'rejected', comment: 'The sizes are too small.' })],
      'Rejected by Ada (head of platform) 1 min ago: The sizes are too small.',
    ],
  ])('blocks what %s signed off', async (_who, entries, sentence) => {
    expect(told(await decide([...run({ keyId: KEY }), ...entries], { policy }))).toEqual([2, `sign-off: ${sentence}`]);
  });

  it('gate-1: blocks what is signed off with a date in the future: such a review would never grow old', async () => {
    const future = signOff({ agoMs: -365 * DAY_MS });
    expect(told(await decide([...run({ keyId: KEY }), future], { policy }))).toEqual([
      2,
      'sign-off: The sign-off by Ada (head of platform) is dated 2027-02-01T12:00:00.000Z, 365 d in the future, so its age is not known.',
    ]);
    const skewed = signOff({ agoMs: -60_000 });
    expect((await decide([...run({ keyId: KEY }), skewed], { policy })).exitCode).toBe(0);
  });

  it('gate-2: covers the disaster that was reviewed, and no other one of the contract', async () => {
    const both = promise({ disasters: ['wiped', 'burnt'] });
    const entries = [...run(), ...run({ disaster: 'burnt', drillId: 'b' })];
    const reviewed = [{ contract: 'orders', disaster: 'wiped', sequence: 2, digest }];
    const decision = await decide([...entries, signOff({ reviewed })], { policy, promises: [both] });
    expect([decision.exitCode, decision.promises[0]?.problems]).toMatchObject([
      2,
      [{ kind: 'sign-off', disaster: 'burnt', sentence: expect.stringContaining('It is not signed off') }],
    ]);
    const all = [...reviewed, { contract: 'orders', disaster: 'burnt', sequence: 5, digest: digestOf(5) }];
    expect((await decide([...entries, signOff({ reviewed: all })], { policy, promises: [both] })).exitCode).toBe(0);
  });

  it('gate-2: covers nothing that came after the entry that was reviewed', async () => {
    const reviewed = [{ contract: 'orders', disaster: 'wiped', sequence: 2, digest }];
    const later = run({ agoMs: 60_000 });
    const sentence =
      'sign-off: The proof in entry 5 (1 min ago) is not signed off: the last review, by Ada (head of platform), is of entry 2.';
    expect(told(await decide([...run(), ...later, signOff({ reviewed })], { policy }))).toEqual([2, sentence]);
    expect(told(await decide([...run(), signOff(), ...later], { policy }))[0]).toBe(2);
  });

  it('gate-2: is not taken back by a later review of an older entry', async () => {
    const of = (sequence: number) => [{ contract: 'orders', disaster: 'wiped', sequence, digest: digestOf(sequence) }];
    const rejected = signOff({ reviewed: of(2), outcome: 'rejected', comment: 'too small' });
    const entries = [...run(), ...run({ agoMs: 60_000 }), signOff({ reviewed: of(5) }), rejected];
    expect((await decide(entries, { policy })).exitCode).toBe(0);
  });

  it('gate-2: covers neither an entry that does not exist yet, nor another entry of that number', async () => {
    const of = (sequence: number, named: string) => [
      { contract: 'orders', disaster: 'wiped', sequence, digest: named },
    ];
    expect(told(await decide([...run(), signOff({ reviewed: of(50, digest) })], { policy }))[0]).toBe(2);
    expect(told(await decide([...run(), signOff({ reviewed: of(2, digestOf(9)) })], { policy }))).toEqual([
      2,
      expect.stringContaining('names entry 2, but its digest differs from that of the entry in the ledger'),
    ]);
  });

  it('blocks what is signed off with the key that signed the proof', async () => {
    const both = { signOff: { signedBy: [KEY] }, signedBy: [KEY] };
    expect(told(await decide([...run({ keyId: KEY }), signOff({ keyId: KEY })], { policy: both }))).toEqual([
      2,
      'sign-off: The sign-off by Ada (head of platform) is signed with the key that signed the proof; the policy asks for another one.',
    ]);
  });

  it('asks for none where nothing is proved, and may ask for none of a priority', async () => {
    expect((await decide([], { policy })).promises[0]?.problems.map(({ kind }) => kind)).toEqual(['missing']);
    const off = { ...policy, priorities: { P1: { signOff: 'off' as const } } };
    expect((await decide(run(), { policy: off })).exitCode).toBe(0);
  });

  it('goes on under a new key to which the key of the reviewer was changed', async () => {
    const next = 'd'.repeat(64);
    const change: EntryBody & { keyId: string } = {
      kind: 'key-changed',
      at: NOW.toISOString(),
      to: { keyId: next, publicKeyPem: '' },
      reason: 'yearly',
      keyId: REVIEWER,
    };
    expect((await decide([...run(), change, signOff({ keyId: next })], { policy })).exitCode).toBe(0);
    expect((await decide([...run(), change, signOff()], { policy })).exitCode).toBe(2);
  });

  it('may be waived for a while', async () => {
    const waivers = [waiver({ finding: 'sign-off' })];
    expect((await decide(run(), { policy, waivers })).counts).toMatchObject({ waived: 1, blocked: 0 });
  });

  it.each([
    ['no key', { signOff: { signedBy: [] } }, /signOff\.signedBy/],
    ['a misspelt field', { signOff: { signedBy: ['k'], age: '1d' } }, /unknown field "signOff\.age"/],
    ['an age that is no duration', { signOff: { signedBy: ['k'], maxAge: 'soon' } }, /signOff\.maxAge/],
    ['a word that is not "off"', { signOff: 'on' }, /`signOff` to be "off" or an object of fields/],
  ])('is refused with %s', (_what, written, message) => {
    expect(() => parsePolicy(written, 'dr-gate.ts')).toThrow(message);
  });
});

describe('a deviation', () => {
  const deviation = {
    kind: 'deviation' as const,
    at: new Date(NOW.getTime() - 60_000).toISOString(),
    contract: 'orders',
    disaster: null,
    drillId: null,
    cause: 'the index was not in the backup',
    correctiveAction: 'back it up',
    owner: 'storage team',
    due: '2026-01-31',
    ticket: 'OPS-7',
  };

  it('that is overdue is told, and does not block by itself', async () => {
    const decision = await decide([...run(), deviation]);
    expect([decision.exitCode, decision.notes]).toEqual([
      0,
      [
        'Deviation 4 of orders (the index was not in the backup) was due on 2026-01-31, and no retest has closed it; storage team owns it (OPS-7).',
      ],
    ]);
    expect((await decide([...run(), { ...deviation, due: '2026-02-01' }])).notes).toEqual([]);
  });

  it('that a retest closed is not told', async () => {
    const closed = {
      kind: 'deviation-closed' as const,
      at: NOW.toISOString(),
      deviation: { sequence: 1, digest: digestOf(1) },
      retest: { sequence: 3, digest: digestOf(3), runId: 'r', drillId: 'd', verdict: 'met' },
      closedBy: 'Ada',
      comment: '',
    };
    expect(
      (await decide([{ ...deviation, at: '2026-01-20T00:00:00.000Z' }, ...run(), closed], { promises: [promise()] }))
        .notes,
    ).toEqual([]);
  });
});
