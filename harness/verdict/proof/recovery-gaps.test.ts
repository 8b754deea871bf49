import { describe, expect, it } from 'vitest';
import { judge } from '../judge.ts';
import { type Change, expectedIn, expectGap, moving, phaseIn, stageIn, the, without } from '../testing/expect-gap.ts';
import { metRecord, mirroredRecord } from '../testing/met-records.ts';

describe('recovery', () => {
  it.each([
    'disasterBegan',
    'disasterEnded',
    'goneProved',
    'provisioned',
    'restoreBegan',
    'restoreEnded',
    'firstVerifiedRead',
    'firstVerifiedWrite',
    'serviceRestored',
    'verified',
    'ended',
  ] as const)('R02: nothing says when it %s', (name) => {
    const { verdict, findings } = judge(metRecord(without(name)));
    expect(verdict).toBe('unproven');
    expect(findings.find((finding) => finding.name === 'rto')?.verdict).toBe('unproven');
  });

  it.each([
    ['disasterEnded', 49_999, 'disasterBegan'],
    ['goneProved', 51_999, 'disasterEnded'],
    ['provisioned', 53_999, 'goneProved'],
    ['restoreBegan', 56_999, 'provisioned'],
    ['restoreEnded', 56_999, 'restoreBegan'],
    ['firstVerifiedRead', 68_999, 'restoreEnded'],
    ['firstVerifiedWrite', 70_999, 'firstVerifiedRead'],
    ['serviceRestored', 71_999, 'firstVerifiedWrite'],
    ['verified', 71_999, 'serviceRestored'],
    ['ended', 79_999, 'verified'],
  ] as const)('R02: the moment %s at %i ms lies before %s', (name, toMs, previous) => {
    const said = new RegExp(`the moment "${name}" lies before "${previous}"`);
    const finding = judge(metRecord(moving(name, toMs))).findings.find((each) => each.name === 'rto');
    expect(finding).toMatchObject({ verdict: 'unproven', sentence: expect.stringMatching(said) });
  });

  it.each<[string, Change, RegExp]>([
    [
      'R03: a phase is missing',
      (record) => {
        record.phases = record.phases.filter(({ name }) => name !== 'detection');
      },
      /missing from the record: the phase "detection"/,
    ],
    [
      'R03: a phase was not announced',
      (record) => {
        expectedIn(record).phases = expectedIn(record).phases.filter((name) => name !== 'decision');
      },
      /it holds the phase "decision", which was not announced/,
    ],
    [
      'R03: a phase is there twice',
      (record) => {
        record.phases.push({ name: 'decision', measuredMs: 0, addedMs: 40_000, outcome: 'completed' });
      },
      /it holds 6 entries for the phase, in another order or number than the 5 announced/,
    ],
    [
      "R03: the contract's budget for detection is not added",
      (record) => {
        phaseIn(record, 'detection').addedMs = 0;
      },
      /the contract adds 90000 ms to the phase "detection", and 0 ms are added/,
    ],
    [
      'R03: the contract has no budget for detection',
      (record) => {
        record.contract.detection = null;
      },
      /the contract adds 0 ms to the phase "detection", and 90000 ms are added/,
    ],
    [
      "R03: the contract's budget for a decision is not added",
      (record) => {
        phaseIn(record, 'decision').addedMs = 39_999;
      },
      /the contract adds 40000 ms to the phase "decision", and 39999 ms are added/,
    ],
    [
      'R03: a budget is added to a phase that has none',
      (record) => {
        phaseIn(record, 'restore').addedMs = 1;
      },
      /the contract adds 0 ms to the phase "restore", and 1 ms are added/,
    ],
    [
      'R03: the service check took less time than its moments say',
      (record) => {
        phaseIn(record, 'service-check').measuredMs = 2_998;
      },
      /the phase "service-check" took another time than its moments say/,
    ],
    [
      'R03: the service check took more time than its moments say',
      (record) => {
        phaseIn(record, 'service-check').measuredMs = 3_002;
      },
      /the phase "service-check" took another time than its moments say/,
    ],
    [
      'R03: detection took less time than its moments say',
      (record) => {
        phaseIn(record, 'detection').measuredMs = 1_998;
      },
      /the phase "detection" took another time than its moments say/,
    ],
    [
      'R03: provisioning took more time than its moments say',
      (record) => {
        phaseIn(record, 'provisioning').measuredMs = 3_002;
      },
      /the phase "provisioning" took another time than its moments say/,
    ],
    [
      'R03: the restore took more time than its moments say',
      (record) => {
        phaseIn(record, 'restore').measuredMs = 12_002;
      },
      /the phase "restore" took another time than its moments say/,
    ],
    [
      'R03: the phases are shorter than the recovery',
      (record) => {
        phaseIn(record, 'restore').measuredMs = 10_999;
      },
      /the phases of the recovery add up to 18999 ms, and it lasted 20000 ms/,
    ],
    [
      'R03: the phases are longer than the recovery',
      (record) => {
        phaseIn(record, 'decision').measuredMs = 2;
      },
      /the phases of the recovery add up to 20002 ms, and it lasted 20000 ms/,
    ],
    [
      'R02: the service was restored, and every attempt of the probe failed',
      (record) => {
        record.probe.failures = 30;
      },
      /the service was restored, but 30 of 30 attempts of the probe failed/,
    ],
    [
      'R02: attempts of the probe failed, and none by any reason',
      (record) => {
        record.probe.lastFailure = null;
      },
      /12 attempts of the probe failed, the last one by "null"/,
    ],
    [
      'R02: no attempt of the probe failed, and one by a reason',
      (record) => {
        record.probe.failures = 0;
      },
      /0 attempts of the probe failed, the last one by "not found"/,
    ],
    [
      'R02: the probe failed before the disaster',
      moving('firstFailedProbe', 49_999),
      /the first failed attempt of the probe/,
    ],
    [
      'R02: the probe first failed after the proof',
      moving('firstFailedProbe', 54_001),
      /the first failed attempt of the probe/,
    ],
    [
      'nothing was seeded by its size, and a size was measured',
      (record) => {
        the(record.seeded).bytes = 0;
      },
      /the last of the measured sizes is not that of this drill/,
    ],
    [
      'the size of what was restored is not known',
      (record) => {
        record.sizes = [];
      },
      /missing from the record: the size of what was restored/,
    ],
    [
      'the size is that of another drill',
      (record) => {
        the(record.sizes[0]).sizeBytes = 4_097;
      },
      /the last of the measured sizes is not that of this drill/,
    ],
    [
      'the restore of the size is that of another drill',
      (record) => {
        the(record.sizes[0]).restoreMs = 1;
      },
      /the last of the measured sizes is not that of this drill/,
    ],
    [
      'the backup of the size is that of another drill',
      (record) => {
        the(record.sizes[0]).backupMs = 1;
      },
      /the last of the measured sizes is not that of this drill/,
    ],
    [
      'the contract no longer names the production size for which several sizes were drilled',
      (record) => {
        record.sizes = [{ sizeBytes: 1_024, restoreMs: 1, backupMs: 1 }, ...record.sizes];
      },
      /several sizes were measured, and the contract names no production size/,
    ],
  ])('%s', (_, change, said) => expectGap(metRecord, change, 'rto', said));

  it('a recovery whose phases lie up to a second apart, or overlap by a rounding error, agrees with its moments', () => {
    for (const measuredMs of [11_000, 12_001]) {
      const record = metRecord((each) => {
        phaseIn(each, 'restore').measuredMs = measuredMs;
      });
      expect(judge(record).verdict).toBe('met');
    }
  });

  it.each<[string, Change]>([
    [
      'the service check took a millisecond less',
      (record) => {
        phaseIn(record, 'service-check').measuredMs = 2_999;
      },
    ],
    [
      'the service check took a millisecond more',
      (record) => {
        phaseIn(record, 'service-check').measuredMs = 3_001;
      },
    ],
    [
      'detection took a millisecond less',
      (record) => {
        phaseIn(record, 'detection').measuredMs = 1_999;
      },
    ],
    [
      'provisioning took a millisecond more',
      (record) => {
        phaseIn(record, 'provisioning').measuredMs = 3_001;
      },
    ],
    ['the probe failed as soon as the disaster began', moving('firstFailedProbe', 50_000)],
    ['the probe first failed when the asset was proved gone', moving('firstFailedProbe', 54_000)],
    ['the probe never failed', without('firstFailedProbe')],
    [
      'nothing had to be provisioned',
      (record) => {
        record.phases = record.phases.filter(({ name }) => name !== 'provisioning');
        expectedIn(record).phases = expectedIn(record).phases.filter((name) => name !== 'provisioning');
        phaseIn(record, 'restore').measuredMs = 15_000;
        moving('provisioned', 54_000)(record);
        moving('restoreBegan', 54_000)(record);
      },
    ],
    [
      'the contract names a production size, and several sizes were drilled',
      (record) => {
        record.contract.productionSizeBytes = 50 * 4_096;
        record.sizes = [512, 1_024, 2_048, 4_096].map((sizeBytes) => ({
          sizeBytes,
          restoreMs: 4_000 + (8_000 * sizeBytes) / 4_096,
          backupMs: 10_000,
        }));
      },
    ],
  ])('a recovery agrees with its moments where %s', (_, change) => {
    expect(judge(metRecord(change)).verdict).toBe('met');
  });

  const rtoOf = (change: Change) => judge(metRecord(change)).findings.find(({ name }) => name === 'rto');

  it('the size is that of another drill where this one has no stage of a backup', () => {
    const change: Change = (record) => {
      record.stages = record.stages.filter(({ name }) => name !== 'backup');
    };
    expect(rtoOf(change)).toMatchObject({
      verdict: 'unproven',
      sentence: expect.stringContaining('the last of the measured sizes is not that of this drill'),
    });
  });

  it('the time is proved where nothing says what was seeded', () => {
    const change: Change = (record) => {
      record.seeded = null;
    };
    expect(rtoOf(change)?.verdict).toBe('met');
  });

  it('nothing is asked about the size of an asset that is counted in items alone', () => {
    const record = metRecord((each) => {
      the(each.seeded).bytes = 0;
      each.sizes = [];
    });
    expect(judge(record).verdict).toBe('met');
  });

  it("R03: the harness's own look at the mirror is taken out of the recovery, and no more than that", () => {
    const change: Change = (record) => {
      stageIn(record, 'what the replica holds').durationMs = 2_000;
    };
    expectGap(mirroredRecord, change, 'rto', /add up to 19000 ms, and it lasted 18000 ms/);
  });
});

describe('B38: the wait for a sync of backups', () => {
  const waiting = (change: Change = () => undefined) =>
    metRecord((record) => {
      record.disaster.backupWait = { waitMs: 60_000, because: 'a period of 30s' };
      expectedIn(record).phases.push('backup-sync');
      phaseIn(record, 'restore').measuredMs = 11_000;
      record.phases.push({ name: 'backup-sync', measuredMs: 1_000, addedMs: 59_000, outcome: 'completed' });
      change(record);
    });

  it('is a part of RTA, and of the sentence', () => {
    const judgement = judge(waiting());
    expect(judgement.rta).toEqual({ valueMs: 209_000, atLeast: false });
    expect(judgement.findings.find(({ name }) => name === 'rto')?.sentence).toContain('backup-sync 1 s + 59 s added');
  });

  it.each<[string, Change, RegExp]>([
    [
      'its phase is missing',
      (record) => {
        record.phases = record.phases.filter(({ name }) => name !== 'backup-sync');
        expectedIn(record).phases = expectedIn(record).phases.filter((name) => name !== 'backup-sync');
        phaseIn(record, 'restore').measuredMs = 12_000;
      },
      /missing from the record: the phase "backup-sync"/,
    ],
    [
      'nothing says how long it is',
      (record) => {
        delete record.disaster.backupWait;
      },
      /missing from the record: how long production waits for its sync of backups/,
    ],
    [
      'less is added than production waits',
      (record) => {
        phaseIn(record, 'backup-sync').addedMs = 58_000;
      },
      /production may wait 59000 ms longer for its sync of backups, and 58000 ms are added/,
    ],
    [
      'more is added than production waits',
      (record) => {
        phaseIn(record, 'backup-sync').addedMs = 60_000;
      },
      /production may wait 59000 ms longer for its sync of backups, and 60000 ms are added/,
    ],
    [
      'it never ends, and the restore has ended',
      (record) => {
        the(record.disaster.backupWait).waitMs = null;
      },
      /the place of the restore never learns of the backup, but restored it/,
    ],
  ])('leaves nothing proved where %s', (_, change, said) => {
    expectGap(waiting, change, 'rto', said);
  });
});
