import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compareSetting } from './compare-settings.ts';
import { lifecycleOf } from './lifecycle.ts';

const DAY_MS = 86_400_000;
interface Lifecycle {
  Rules: { ID: string; Expiration: { Days?: number } }[];
}
const declared = (): Lifecycle => JSON.parse(readFileSync('fixtures/platform/bucket/lifecycle.json', 'utf8'));

describe('a live setting', () => {
  it('is as declared whatever the order of its rules, and whatever is off by default', () => {
    const { Rules } = declared();
    const live = { Rules: Rules.toReversed().map((rule) => ({ ...rule, BucketKeyEnabled: false })) };
    expect(compareSetting('lifecycle', declared(), live).differences).toEqual([]);
    expect(compareSetting('lifecycle', declared(), live).compared).toBeGreaterThan(10);
  });

  it('that is too short is named by its rule', () => {
    const live = declared();
    for (const rule of live.Rules) if (rule.ID === 'nats-daily-30-days') rule.Expiration.Days = 3;
    expect(compareSetting('lifecycle', declared(), live).differences).toMatchObject([
      { item: 'lifecycle.Rules[nats-daily-30-days].Expiration.Days', expected: '30', found: '3' },
    ]);
  });

  it('that nobody declared is found', () => {
    const live = declared();
    live.Rules.push({ ID: 'quick', Expiration: { Days: 1 } });
    const { differences } = compareSetting('lifecycle', declared(), live);
    expect(differences).toContainEqual(
      expect.objectContaining({ item: 'lifecycle.Rules[quick].Expiration.Days', expected: 'nothing' }),
    );
  });

  it('that is not there at all, or suspended, is found', () => {
    expect(compareSetting('encryption', { Rules: [] }, undefined).differences).toMatchObject([{ found: 'no setting' }]);
    expect(compareSetting('versioning', { Status: 'Enabled' }, { Status: 'Suspended' }).differences).toHaveLength(1);
  });
});

describe('the lifecycle of a prefix', () => {
  const rule = (ID: string, Days: number, more: object = {}) => ({
    ID,
    Status: 'Enabled',
    Expiration: { Days },
    ...more,
  });

  it('ends the nightly archives after a month, the recent ones after two days and, below velero/, only what was deleted', () => {
    const month = (name: string) => ({ afterMs: 30 * DAY_MS, rule: name });
    expect(lifecycleOf('nats/daily/', declared())).toMatchObject({
      current: month('nats-daily-30-days'),
      someCurrent: null,
      noncurrent: month('nats-daily-30-days'),
    });
    const twoDays = { afterMs: 2 * DAY_MS, rule: 'nats-recent-2-days' };
    expect(lifecycleOf('nats/recent/', declared())).toMatchObject({
      current: twoDays,
      someCurrent: null,
      noncurrent: twoDays,
    });
    expect(lifecycleOf('velero/primary/', declared())).toMatchObject({
      current: null,
      someCurrent: null,
      noncurrent: month('velero-deleted-30-days'),
    });
  });

  it('is the shortest of all rules that cover it, and no rule that is switched off', () => {
    const Rules = [rule('long', 30), rule('short', 7), rule('off', 1, { Status: 'Disabled' })];
    expect(lifecycleOf('nats/', { Rules }).current).toEqual({ afterMs: 7 * DAY_MS, rule: 'short' });
    expect(lifecycleOf('nats/', undefined)).toMatchObject({ current: null, someCurrent: null, noncurrent: null });
  });

  it.each([
    ['a longer prefix', { Filter: { Prefix: 'nats/2026' } }],
    ['a tag', { Filter: { And: { Prefix: 'nats/', Tags: [{ Key: 'a', Value: 'b' }] } } }],
    ['a size', { Filter: { ObjectSizeGreaterThan: 500 } }],
  ])('that ends only some objects, by %s, is told apart', (_, more) => {
    const found = lifecycleOf('nats/', { Rules: [rule('all', 30), rule('some', 1, more)] });
    expect(found).toMatchObject({ current: { rule: 'all' }, someCurrent: { afterMs: DAY_MS, rule: 'some' } });
  });

  it('C24: on a date is told apart from an age, and from a rule for some of the objects', () => {
    const dated = (ID: string, date: string, more: object = {}) => ({
      ID,
      Status: 'Enabled',
      Expiration: { Date: date },
      ...more,
    });
    const Rules = [
      rule('all', 30),
      dated('past', '2026-01-01'),
      dated('some', '2027-01-01', { Filter: { Prefix: 'nats/x' } }),
    ];
    const found = lifecycleOf('nats/', { Rules });
    expect(found).toMatchObject({ current: { rule: 'all' }, someCurrent: null });
    expect(found.dated).toEqual([
      { atMs: Date.parse('2026-01-01'), rule: 'past', isForAll: true },
      { atMs: Date.parse('2027-01-01'), rule: 'some', isForAll: false },
    ]);
  });

  it('C24: into a class that has to be thawed is seen, and into one that is read at once is not', () => {
    const into = (StorageClass: string, more: object = { Days: 1 }) =>
      lifecycleOf('nats/', { Rules: [{ ID: 'cold', Status: 'Enabled', Transitions: [{ StorageClass, ...more }] }] })
        .archiving;
    expect(into('DEEP_ARCHIVE')).toEqual({
      afterMs: DAY_MS,
      rule: 'cold',
      storageClass: 'DEEP_ARCHIVE',
      thawMs: DAY_MS / 2,
    });
    expect(into('GLACIER', { Days: 0 })).toMatchObject({ afterMs: 0, thawMs: 5 * 3_600_000 });
    expect(into('GLACIER', { Date: '2026-01-01' })).toMatchObject({ afterMs: 0 });
    for (const warm of ['GLACIER_IR', 'STANDARD_IA', 'ONEZONE_IA', 'INTELLIGENT_TIERING'])
      expect(into(warm)).toBeNull();
  });

  it.each([
    [
      'null for what is not set',
      { Filter: null, Prefix: null, Expiration: { Days: 30, Date: null }, Transitions: null },
      30,
    ],
    ['a null rule beside it', { Expiration: { Days: 30 }, NoncurrentVersionExpiration: null }, 30],
    ['an empty filter', { Filter: {}, Expiration: { Days: 30 } }, 30],
    ['zero days', { Expiration: { Days: 0 } }, 0],
    ['a marker for deleted objects alone', { Expiration: { ExpiredObjectDeleteMarker: true } }, undefined],
  ])('C24: of a store that answers with %s is read', (_, more, days) => {
    const { current } = lifecycleOf('nats/', { Rules: [{ ID: 'r', Status: 'Enabled', ...more }] });
    expect(current).toEqual(days === undefined ? null : { afterMs: days * DAY_MS, rule: 'r' });
  });

  it.each([
    [{ NoncurrentDays: 30 }, 30],
    [{ NoncurrentDays: 30, NewerNoncurrentVersions: 0 }, 30],
    // The only noncurrent version of a key is always among the newest three.
    [{ NoncurrentDays: 30, NewerNoncurrentVersions: 3 }, undefined],
    [{ NewerNoncurrentVersions: 3 }, undefined],
    [{}, undefined],
  ])('C24: ends what was deleted, or keeps it for ever: %o', (NoncurrentVersionExpiration, days) => {
    const { noncurrent } = lifecycleOf('nats/', {
      Rules: [{ ID: 'r', Status: 'Enabled', NoncurrentVersionExpiration }],
    });
    expect(noncurrent).toEqual(days === undefined ? null : { afterMs: days * DAY_MS, rule: 'r' });
  });
});
