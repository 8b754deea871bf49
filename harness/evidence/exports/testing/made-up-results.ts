import type { DrillRecord } from '../../../model/record.ts';
import { madeUpDrill, madeUpFinding, madeUpPosture, madeUpRun } from '../../../reporting/testing/made-up-records.ts';
import { judge } from '../../../verdict/judge.ts';
import { metRecord } from '../../../verdict/testing/met-records.ts';
import type { Waiver } from '../../gate/waivers.ts';
import { madeUpPromise } from '../../ledger/testing/made-up-ledger.ts';
import { type ExportedRun, exportedFromRecord } from '../exported-run.ts';

// One result of every kind, and texts that break a format without escaping.

/** Quotes, mark-up, a comma, line ends, controls, a lone surrogate, a mention and a spreadsheet formula. */
export const HOSTILE = `=cmd|'<b>&"x",y\r\nz\t\u0007\u001b[31m\ud800 @all #1 \`c\` [l](http://e) ]]> \u202e\\ %`;
export const AT_MS = Date.parse('2026-01-01T00:00:00Z');

export const madeUpWaivers: readonly Waiver[] = [
  {
    contract: 'waived',
    finding: 'rto',
    reason: 'the new disks come in June',
    owner: 'platform',
    approver: 'cto',
    expires: '2026-06-30',
  },
  {
    contract: 'expired',
    finding: 'rto',
    reason: 'it was short of time',
    owner: 'platform',
    approver: 'cto',
    expires: '2025-12-31',
  },
];

const breachedRto = [madeUpFinding('rto', 'breached', 'The RTO is 15 min, and it took 20 min.')];

/** Made-up drills rely on their recorded verdict: judged again, they are only `unproven`. */
export const madeUpResults = (): ExportedRun => ({
  ...exportedFromRecord({
    ...madeUpRun(
      [
        madeUpDrill({
          contract: 'breached',
          judgement: { verdict: 'breached', sentence: 'It took too long.', findings: breachedRto },
          phases: [
            { name: 'detection', measuredMs: 0, addedMs: 90_000, outcome: 'completed' },
            { name: 'restore', measuredMs: 2_800, addedMs: 0, outcome: 'completed' },
            { name: 'service-check', measuredMs: 60_000, addedMs: 0, outcome: 'timed-out', detail: 'no answer' },
          ],
        }),
        madeUpDrill({ contract: 'waived', judgement: { verdict: 'breached', findings: breachedRto } }),
        madeUpDrill({ contract: 'expired', judgement: { verdict: 'breached', findings: breachedRto } }),
        madeUpDrill({ contract: 'interrupted', judgement: null }),
        hostileDrill(),
        keptDrill(),
        nearlyLateDrill(),
      ],
      [
        madeUpPosture([
          { name: HOSTILE, verdict: 'breached', sentence: HOSTILE },
          { name: 'writer-policy', verdict: 'met', sentence: 'As promised.' },
        ]),
      ],
    ),
    leftOut: [
      { contract: 'elsewhere', lacking: ['kubernetes'], reason: 'docker only' },
      { contract: 'left-out', lacking: ['kubernetes'] },
    ],
    mistakes: [{ contract: null, file: 'contracts/wrong.spec.ts', message: 'rto is no duration' }],
  }),
  promises: [madeUpPromise({ contract: 'never-ran', disasters: ['bucket-deleted'] })],
  measurementVersion: 1,
});

/** Returns a drill that the judge finds met. */
function keptDrill(): DrillRecord {
  const record = metRecord((draft) => {
    draft.contract.name = 'kept';
    draft.contract.controls = ['CP-4', 'A1.3'];
    draft.environment.commit = 'c0ffee0000000000000000000000000000000000';
  });
  return { ...record, judgement: judge(record) };
}

/** Returns an at-risk drill: its time is close to the objective. */
function nearlyLateDrill(): DrillRecord {
  const record = metRecord((draft) => {
    draft.contract.name = 'nearly-late';
    draft.contract.rtoMs = 160_000;
  });
  return { ...record, drillId: 'd2', judgement: judge(record) };
}

function hostileDrill(): DrillRecord {
  const record = madeUpDrill({
    contract: HOSTILE,
    disaster: HOSTILE,
    drillId: 'hostile',
    judgement: { verdict: 'breached', sentence: HOSTILE, findings: [madeUpFinding('rpo', 'breached', HOSTILE)] },
  });
  return {
    ...record,
    contract: { ...record.contract, owner: HOSTILE, priority: HOSTILE, controls: [HOSTILE, 'CP-4'] },
  };
}
