import { describe, expect, it } from 'vitest';
import { memoryContract, memoryWorld } from '../drill/testing/memory-asset.ts';
import { type ContractDefinition, defineContract } from './define.ts';

const { asset, protectedBy } = memoryContract(memoryWorld());
const good: ContractDefinition = {
  name: 'orders',
  asset,
  rto: '15m',
  rpo: '5m',
  priority: 'P1',
  owner: 'platform-team',
  protectedBy,
  survives: ['wiped'],
};
const define = (changes: object) =>
  defineContract({ ...good, ...changes } as ContractDefinition, 'contracts/orders.spec.ts');

describe('a contract', () => {
  it('turns what people write into milliseconds and bytes', () => {
    const contract = define({ productionSize: '50GiB', detection: { failures: 3, every: '30s' }, decision: '5m' });
    expect(contract).toMatchObject({
      rtoMs: 900_000,
      rpoMs: 300_000,
      productionSizeBytes: 53_687_091_200,
      detection: { failures: 3, everyMs: 30_000 },
      decisionMs: 300_000,
    });
  });

  it('refuses a need that no provider supplies, and suggests the one that was meant', () => {
    expect(() => define({ asset: { ...asset, needs: ['kubernets'] } })).toThrow(
      /one of them needs "kubernets".*kubernetes.*name its provider in `providers` of dr-contracts\.config\.ts/s,
    );
    expect(() => define({ protectedBy: { ...protectedBy, needs: ['words'] } })).toThrow(/one of them needs "words"/);
  });

  it('may promise to lose nothing', () => {
    expect(define({ rpo: '0s' }).rpoMs).toBe(0);
  });

  it("may say that its asset keeps no data, with `rpo: 'none'`", () => {
    expect(define({ rpo: 'none' }).rpoMs).toBeNull();
  });

  it.each([
    ['None', /rpo: expected .*none.*found "None".*Write `none`/s],
    [' none', /found " none".*Write `none`/s],
    ['nothing', /rpo: expected a duration.*found "nothing"/s],
    ['', /rpo: expected a duration/],
  ])('refuses "%s" as an RPO', (rpo, message) => {
    expect(() => define({ rpo })).toThrow(message);
  });

  it("refuses `freshness` beside `rpo: 'none'`, because there is no data to be fresh", () => {
    const schedule = { cron: '0 3 * * *', timeZone: 'UTC' };
    const freshness = { below: '25h', critical: '48h' };
    const changes = { protectedBy: { ...protectedBy, schedule }, freshness };
    expect(define(changes).freshness).toBeDefined();
    expect(() => define({ ...changes, rpo: 'none' })).toThrow(/`rpo: 'none'` says that the asset keeps no data/);
  });

  it.each([
    ['a misspelt field', { rt0: '15m' }, /unknown field "rt0" \(did you mean "rto"\?\)/],
    [
      'a misspelt nested field',
      { detection: { failures: 3, evry: '30s' } },
      /unknown field "detection\.evry" \(did you mean "every"\?\)/,
    ],
    ['a missing field', { rto: undefined }, /expected `rto` to be a string, but there is none. Add `rto`/],
    ['a misspelt duration', { rto: '15 minuts' }, /rto: expected a duration such as 90s, 15m.*found "15 minuts"/],
    ['a negative size', { productionSize: '-5GiB' }, /productionSize: expected a positive size.*found "-5GiB"/],
    ['an unknown disaster', { survives: ['wipped'] }, /"wipped" \(did you mean "wiped"\?\)/],
    ['a disaster twice', { survives: ['wiped', 'wiped'] }, /names "wiped" twice/],
    ['an unknown priority', { priority: 'P9' }, /priority/],
    ['an asset that protects nothing', { asset: { ...asset, protectedCount: 0 } }, /protects nothing/],
    [
      'an invalid schedule',
      { protectedBy: { ...protectedBy, schedule: { cron: 'every day', timeZone: 'UTC' } } },
      /schedule "every day": expected a cron expression/,
    ],
    ['something else as asset', { asset: 'orders' }, /expected `asset` to be an asset such as .*, but it is "orders"/],
  ])('refuses %s, naming the thing', (_, changes, message) => {
    expect(() => define(changes)).toThrow(message);
    expect(() => define(changes)).toThrow(/contract "orders" in contracts\/orders\.spec\.ts|schedule/);
  });

  const scheduled = (schedule: object) => ({ protectedBy: { ...protectedBy, schedule } });

  it.each([
    [{ cron: '0 0 30 2 *', timeZone: 'UTC' }],
    [{ cron: '0 2 * * 7', timeZone: 'UTC' }],
    [{ cron: '0 2 * * *', timeZone: 'Mars/Olympus' }],
    [{ cron: '@reboot', timeZone: 'UTC', scheduler: 'vixie' }],
    [{ cron: '0 0 30 2 *', timeZone: 'UTC', scheduler: 'vixie' }],
    [{ cron: '0 2 * * *', timeZone: 'UTC', scheduler: 'systemd' }],
    [{ cron: '*-02-30', timeZone: 'UTC', scheduler: 'systemd' }],
  ])('N20: refuses %o, which its author typed and which starts nothing, by contract and file', (schedule) => {
    const message = /contract "orders" in contracts\/orders\.spec\.ts: (schedule|time zone) "/;
    expect(() => define(scheduled(schedule))).toThrow(message);
    expect(() => define({ protectedBy: { ...protectedBy, copiedOn: schedule } })).toThrow(message);
  });

  it('N20: takes the same from an object of the platform, and leaves it to the verdict', () => {
    const schedule = { cron: '0 0 30 2 *', timeZone: 'UTC', heldBy: 'CronJob ops/backup in ops' };
    expect(define(scheduled(schedule)).protectedBy.schedule).toEqual(schedule);
  });

  it('C05: takes a schedule by the rules of the scheduler that it names', () => {
    expect(() => define(scheduled({ cron: '0 2 * * 7', timeZone: 'UTC', scheduler: 'vixie' }))).not.toThrow();
    expect(() => define(scheduled({ cron: 'Sun 02:00', timeZone: 'UTC', scheduler: 'systemd' }))).not.toThrow();
  });
});
