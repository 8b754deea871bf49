import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compareSetting } from './compare-settings.ts';
import { lifecycleOf } from './lifecycle.ts';
import { stampMs } from './recovery-points.ts';

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
    expect(compareSetting('encryption', { Rules: [] }, undefined).differences).toMatchObject([
      { found: 'none at all' },
    ]);
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
    expect(lifecycleOf('nats/daily/', declared())).toEqual({
      current: month('nats-daily-30-days'),
      someCurrent: null,
      noncurrent: month('nats-daily-30-days'),
    });
    const twoDays = { afterMs: 2 * DAY_MS, rule: 'nats-recent-2-days' };
    expect(lifecycleOf('nats/recent/', declared())).toEqual({
      current: twoDays,
      someCurrent: null,
      noncurrent: twoDays,
    });
    expect(lifecycleOf('velero/primary/', declared())).toEqual({
      current: null,
      someCurrent: null,
      noncurrent: month('velero-deleted-30-days'),
    });
  });

  it('is the shortest of all rules that cover it, and no rule that is switched off', () => {
    const Rules = [rule('long', 30), rule('short', 7), rule('off', 1, { Status: 'Disabled' })];
    expect(lifecycleOf('nats/', { Rules }).current).toEqual({ afterMs: 7 * DAY_MS, rule: 'short' });
    expect(lifecycleOf('nats/', undefined)).toEqual({ current: null, someCurrent: null, noncurrent: null });
  });

  it.each([
    ['a longer prefix', { Filter: { Prefix: 'nats/2026' } }],
    ['a tag', { Filter: { And: { Prefix: 'nats/', Tags: [{ Key: 'a', Value: 'b' }] } } }],
    ['a size', { Filter: { ObjectSizeGreaterThan: 500 } }],
  ])('that ends only some objects, by %s, is told apart', (_, more) => {
    const found = lifecycleOf('nats/', { Rules: [rule('all', 30), rule('some', 1, more)] });
    expect(found).toMatchObject({ current: { rule: 'all' }, someCurrent: { afterMs: DAY_MS, rule: 'some' } });
  });

  it('on a date ends everything at once', () => {
    const Rules = [rule('all', 30), { ID: 'on a date', Status: 'Enabled', Expiration: { Date: new Date() } }];
    expect(lifecycleOf('nats/', { Rules }).someCurrent).toEqual({ afterMs: 0, rule: 'on a date' });
  });
});

describe('the name of a recovery point', () => {
  it.each([
    ['20260215T021500Z', '2026-02-15T02:15:00.000Z'],
    ['20260215T021500.123456789Z', '2026-02-15T02:15:00.123Z'],
    ['2026-02-15T02:15:00Z', '2026-02-15T02:15:00.000Z'],
  ])('%s says when its capture began', (name, utc) => {
    expect(stampMs(name)).toBe(Date.parse(utc));
  });

  it.each(['dabc1234', '20261315T021500Z', 'latest'])('%s says nothing', (name) => {
    expect(stampMs(name)).toBeUndefined();
  });
});
