import { describe, expect, it } from 'vitest';
import { lifecycleOf } from '../../systems/s3/lifecycle.ts';
import {
  archivedFromVelero,
  endedAtOnce,
  endedOnADate,
  endedTooEarly,
  noncurrentProblems,
  takenFromVelero,
} from '../../systems/s3/posture/lifecycle-problems.ts';

const where = 's3://b/velero/';
const rule = (ID: string, more: object) => ({ ID, Status: 'Enabled', ...more });
const ending = (ID: string, Days: number, more: object = {}) => rule(ID, { Expiration: { Days }, ...more });
const of = (...Rules: object[]) => lifecycleOf('velero/', { Rules });
const live = (versioning: unknown) => ({
  region: 'us-west-2',
  movesSmallInto: [],
  settings: { versioning, lifecycle: undefined, encryption: undefined, 'public-access': undefined, policy: undefined },
});

describe('a lifecycle', () => {
  it('that deletes by age takes from Velero what newer backups share', () => {
    expect(takenFromVelero(where, of(ending('all-30-days', 30)))).toEqual([
      expect.stringMatching(
        /^lifecycle all-30-days deletes objects below s3:\/\/b\/velero\/ after 30 d, although newer backups of Velero share them/,
      ),
    ]);
    expect(takenFromVelero(where, of(ending('repository', 30, { Filter: { Prefix: 'velero/kopia/' } })))).toHaveLength(
      1,
    );
    expect(
      takenFromVelero(where, of(rule('deleted', { NoncurrentVersionExpiration: { NoncurrentDays: 30 } }))),
    ).toEqual([]);
  });

  it('for some of the objects must not be shorter than the one for all of them', () => {
    const some = { Filter: { Prefix: 'velero/backups/' } };
    expect(endedTooEarly(where, of(ending('all', 30), ending('some', 1, some)))).toEqual([
      expect.stringContaining('lifecycle some deletes some objects below s3://b/velero/ after 1 d, but '),
    ]);
    expect(endedTooEarly(where, of(ending('all', 30), ending('some', 30, some)))).toEqual([]);
  });

  it('of a versioned bucket has to end noncurrent versions, or what is deleted stays', () => {
    const Enabled = { Status: 'Enabled' };
    expect(noncurrentProblems(where, of(ending('all', 30)), live(Enabled))).toEqual([
      expect.stringContaining('Add NoncurrentVersionExpiration'),
    ]);
    expect(noncurrentProblems(where, of(ending('all', 30)), live(undefined))).toEqual([]);
    const ended = ending('all', 30, { NoncurrentVersionExpiration: { NoncurrentDays: 30 } });
    expect(noncurrentProblems(where, of(ended), live(Enabled))).toEqual([]);
  });

  const now = Date.parse('2026-06-01');
  it.each([
    ['2026-01-01', /^lifecycle r has a past date \(2026-01-01\), so it deletes every recovery point .* on arrival/],
    ['2027-04-01', /^lifecycle r deletes all objects .* on 2027-04-01/],
  ])('C24: on the date %s breaks every promise to keep something', (date, text) => {
    const [problem] = endedOnADate(where, of(ending('all', 30), rule('r', { Expiration: { Date: date } })), now);
    expect(problem).toEqual({ text: expect.stringMatching(text), cause: 'expires-on-a-date' });
  });

  it('C24: that deletes after zero days keeps nothing', () => {
    expect(endedAtOnce(where, of(ending('none', 0)))).toMatchObject([{ cause: 'no-recovery-point-at-times' }]);
    expect(endedAtOnce(where, of(ending('all', 1)))).toEqual([]);
  });

  it('C24: that archives takes from Velero what it reads', () => {
    const cold = rule('cold', { Transitions: [{ Days: 1, StorageClass: 'GLACIER' }] });
    expect(archivedFromVelero(where, of(cold))).toMatchObject([
      { text: expect.stringContaining('lifecycle cold moves') },
    ]);
    expect(archivedFromVelero(where, of(ending('all', 1)))).toEqual([]);
  });
});
