import type { DrillRecord } from '../../../model/record.ts';
import { madeUpDrill } from '../../testing/made-up-records.ts';
import type { RunbookContract } from '../runbook-contract.ts';

// A made-up contract and drills for the tests of the runbook.

export const ID = 'd2345678';

export function madeUpContract(changes: Partial<RunbookContract> = {}): RunbookContract {
  return {
    facts: madeUpDrill().contract,
    disasters: [{ name: 'stream-deleted', threat: 't', blastRadius: 'b' }],
    needs: ['nats', 's3'],
    sourceFile: 'contracts/nats-streams.spec.ts',
    degraded: 'Reads go on',
    decides: 'The engineer on call',
    ifItFails: 'Call the owner',
    ...changes,
  };
}

type Recovery = NonNullable<DrillRecord['recovery']>;

export const madeUpRecovery = (): Recovery => ({
  steps: [
    { phase: 'provisioning', what: 'Start an empty server', variables: [], measuredMs: 300, outcome: 'done' },
    {
      phase: 'restore',
      what: 'Restore every stream',
      command: 'ops/restore.sh "$RECOVERY_POINT"',
      variables: ['RECOVERY_POINT', 'WORK_DIR'],
      measuredMs: 2_800,
      outcome: 'done',
      ifItFails: 'Its last lines say why.',
    },
  ],
  variables: [
    { name: 'RECOVERY_POINT', meaning: 'the backup to restore', value: `s3://backups/nats/${ID}/1` },
    { name: 'WORK_DIR', meaning: 'a scratch folder', obtain: '"$(mktemp -d)"', value: '/tmp/restore' },
    { name: 'ASSET', meaning: 'the lost namespace', value: `dr-${ID}` },
  ],
});

interface MadeUpPassing {
  readonly recovery?: Recovery;
  /** Delay and slowdown compared with the first drill. */
  readonly laterMs?: number;
  readonly disaster?: string;
}

/** A drill with the verdict met. */
export function madeUpPassing({ recovery = madeUpRecovery(), laterMs = 0, disaster }: MadeUpPassing = {}): DrillRecord {
  const record = madeUpDrill({ drillId: ID, ...(disaster === undefined ? {} : { disaster }) });
  const ended = { utc: new Date(Date.parse('2025-11-23T12:00:12.300Z') + laterMs).toISOString(), monotonicMs: 1 };
  return {
    ...record,
    judgement: record.judgement && { ...record.judgement, rta: { valueMs: 93_400 + laterMs, atLeast: false } },
    moments: { ...record.moments, ended },
    environment: { ...record.environment, commit: laterMs === 0 ? null : '0123456789abcdef', dirty: false },
    phases: (['provisioning', 'restore', 'service-check'] as const).map((name) => ({
      name,
      measuredMs: 40 + laterMs,
      addedMs: 0,
      outcome: 'completed',
    })),
    absence: [{ what: `read stream ORDERS_${ID} in dr-${ID}`, gone: true, observed: 'not found' }],
    provenance: [{ what: `creation time of ORDERS_${ID}`, before: '1', after: '2', isNew: true }],
    comparison: {
      items: [
        { kind: 'messages', expected: 9_600, restored: 9_600, matched: 9_600, missing: 0, extra: 0, differing: 0 },
      ],
      firstDifferences: [],
      notVerified: ['accounts'],
    },
    probe: { attempts: 3, failures: 1, lastFailure: 'gone', reads: 'a message', writes: 'another' },
    recovery: {
      ...recovery,
      steps: recovery.steps.map((step) => ({ ...step, measuredMs: step.measuredMs + laterMs })),
    },
  };
}
