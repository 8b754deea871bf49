import { describe, expect, it } from 'vitest';
import { comparisonOf } from '../../model/comparison.ts';
import { haltedBy } from '../../verdict/halts.ts';
import { judgeCheck } from '../../verdict/posture.ts';
import { compareKeyAges, type KeyAgesQuestion, type KeyHolder } from './key-ages.ts';

const DAY_MS = 86_400_000;
const nowMs = Date.parse('2026-06-01T00:00:00Z');
const key = (id: string, ageDays: number, isActive = true) => ({
  id,
  isActive,
  createdAt: new Date(nowMs - ageDays * DAY_MS).toISOString(),
});
const holder = (more: Partial<KeyHolder>): KeyHolder => ({ user: 'writer', keys: [key('AKIA0001', 10)], ...more });

const judged = (holders: readonly KeyHolder[], more: Partial<KeyAgesQuestion> = {}) =>
  judgeCheck({
    promise: 'Keys are replaced',
    observation: comparisonOf(compareKeyAges({ holders, withinMs: 90 * DAY_MS, nowMs, serverMs: nowMs, ...more })),
    failure: null,
  });

describe('the age of keys', () => {
  it('is met up to the age that the policy allows, and breached beyond it', () => {
    expect(judged([holder({ keys: [key('AKIA0001', 90)] })])).toMatchObject({ verdict: 'met' });
    const old = judged([holder({ keys: [key('AKIA0001', 10), key('AKIA0002', 91)] })]);
    expect(old).toMatchObject({ verdict: 'breached', cause: 'credential-too-old' });
    expect(old.sentence).toContain('key …0002 of IAM user writer: expected an age of 90 d at the most, found 91 d');
  });

  it('does not look at a key that is disabled', () => {
    expect(judged([holder({ keys: [key('AKIA0001', 10), key('AKIA0002', 400, false)] })])).toMatchObject({
      verdict: 'met',
    });
  });

  it.each([
    ['a user without a key that is accepted', holder({ keys: [key('AKIA0001', 1, false)] }), 'no key that is accepted'],
    [
      'a key whose making is not told',
      holder({ keys: [{ id: 'AKIA0001', isActive: true, createdAt: undefined }] }),
      'does not say when it was made',
    ],
    [
      'a key whose making is told as no time',
      holder({ keys: [{ id: 'AKIA0001', isActive: true, createdAt: 'yesterday' }] }),
      'says that it was made "yesterday", which is not a time',
    ],
    [
      'a key whose making is told as the zero of a clock',
      holder({ keys: [{ id: 'AKIA0001', isActive: true, createdAt: '0001-01-01T00:00:00.000Z' }] }),
      'when there were no keys yet',
    ],
    [
      'a Secret without a key',
      holder({ usedBy: { item: 'Secret a/b', keyId: undefined } }),
      'it holds no access key id',
    ],
    [
      "a Secret with somebody else's key",
      holder({ usedBy: { item: 'Secret a/b', keyId: 'AKIA9999' } }),
      'its key …9999 does not belong to IAM user writer',
    ],
  ])('is unproven for %s', (_, found, reason) => {
    const outcome = judged([found]);
    expect(outcome).toMatchObject({ verdict: 'unproven', cause: 'credential-age-unknown' });
    expect(outcome.sentence).toContain(reason);
  });

  it('is unproven for a user that does not exist, and the next step is not to rotate its keys', () => {
    const outcome = judged([holder({ keys: undefined })]);
    expect(outcome).toMatchObject({ verdict: 'unproven', cause: 'contract-mistake' });
    expect(outcome.sentence).toContain(
      'there is none of that name. Correct the name in the contract, or make the user',
    );
    const halted = haltedBy({ condition: 'rotation' }, outcome.verdict, 'platform', outcome.cause);
    expect(halted.nextStep).toMatch(/^Correct the contract, or make what it names/);
  });

  it('looks at each active key by itself, and tells what to do with one that the Secret does not use', () => {
    const keys = [key('AKIA0001', 10), key('AKIA0002', 400)];
    const used = judged([holder({ keys, usedBy: { item: 'Secret a/b', keyId: 'AKIA0001' } })]);
    expect(used).toMatchObject({ verdict: 'breached', cause: 'credential-too-old' });
    expect(used.sentence).toContain('Secret a/b uses another key: check that nothing else uses this one, disable it');
    const other = judged([holder({ keys, usedBy: { item: 'Secret a/b', keyId: 'AKIA0002' } })]);
    expect(other.sentence).toContain('Make a new key, put it into Secret a/b');
  });

  it('does not take a disabled key from the future for a wrong clock', () => {
    expect(judged([holder({ keys: [key('AKIA0001', 1), key('AKIA0002', -1, false)] })])).toMatchObject({
      verdict: 'met',
    });
  });

  it('is breached where a Secret uses a key that is disabled', () => {
    const keys = [key('AKIA0001', 1), key('AKIA0002', 1, false)];
    expect(judged([holder({ keys, usedBy: { item: 'Secret a/b', keyId: 'AKIA0002' } })])).toMatchObject({
      verdict: 'breached',
      cause: 'rotation-failed',
    });
    expect(judged([holder({ keys, usedBy: { item: 'Secret a/b', keyId: 'AKIA0001' } })])).toMatchObject({
      verdict: 'met',
    });
  });

  it('is not told by a clock that is minutes off, and one message says which', () => {
    expect(judged([holder({})], { serverMs: nowMs - 60_000 })).toMatchObject({ verdict: 'met' });
    expect(() => judged([holder({})], { serverMs: nowMs + 5 * 60_000 })).toThrow(
      /^clock: expected .* at most 2 min apart, but this machine shows 2026-06-01T00:00:00.000Z and the service 2026-06-01T00:05:00.000Z, 5 min apart\./,
    );
    expect(() => judged([holder({ keys: [key('AKIA0001', -1)] })])).toThrow(
      /key …0001 of IAM user writer was made 1 d from now/,
    );
  });

  it('says that the clock of the service is not verified where it sends no date', () => {
    expect(judged([holder({})], { serverMs: undefined }).sentence).toContain('it sends no date');
  });
});
