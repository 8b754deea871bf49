import { comparisonOf } from '../../model/comparison.ts';
import type { PostureCheckRecord, PostureRecord } from '../../model/posture.ts';
import {
  type DrillRecord,
  drillRecordSchema,
  type Finding,
  type Judgement,
  RECORD_SCHEMA_VERSION,
  type Verdict,
} from '../../model/record.ts';
import type { RunRecord } from '../../model/run-record.ts';
import { summarise } from '../run-summary.ts';

// Made-up records for the tests of printed output.

interface MadeUp {
  readonly contract?: string;
  readonly disaster?: string;
  readonly drillId?: string;
  readonly rpoMs?: number | null;
  readonly judgement?: Partial<Judgement> | null;
  readonly failure?: DrillRecord['failure'];
  readonly phases?: DrillRecord['phases'];
}

export function madeUpDrill(wanted: MadeUp = {}): DrillRecord {
  const contract = wanted.contract ?? 'nats-streams';
  return drillRecordSchema.parse({
    schemaVersion: RECORD_SCHEMA_VERSION,
    drillId: wanted.drillId ?? `${contract}-${wanted.disaster ?? 'stream-deleted'}`.replaceAll('-', ''),
    runId: '20251123T120000000Z-abcdef',
    state: 'complete',
    contract: {
      name: contract,
      description: 'streams',
      system: 'nats',
      inScope: [],
      outOfScope: [],
      priority: 'P1',
      owner: 'platform',
      controls: [],
      rtoMs: 900_000,
      rpoMs: wanted.rpoMs === undefined ? 300_000 : wanted.rpoMs,
      procedure: 'nats stream backup',
      schedule: { cron: '*/2 * * * *', timeZone: 'UTC' },
      detection: { failures: 3, everyMs: 30_000 },
      decisionMs: 0,
      productionSizeBytes: null,
    },
    disaster: { name: wanted.disaster ?? 'stream-deleted', threat: 't', blastRadius: 'b', exercised: null },
    environment: {
      target: 'local',
      sessionId: 's',
      host: { platform: 'linux', arch: 'x64', cpus: 2, memoryBytes: 1 },
      node: '24',
      harnessVersion: '0.1.0',
      commit: null,
      dirty: null,
      trigger: 'test',
      concurrentDrills: 1,
      tools: [],
      differencesFromProduction: [],
      settings: {},
    },
    moments: { ...noMoments, began: moment(0), ended: moment(12_300) },
    stages: [
      { name: 'seed', durationMs: 1_500 },
      { name: 'restore', durationMs: 2_800 },
    ],
    seeded: null,
    fingerprint: null,
    recoveryPoint: null,
    absence: [],
    phases: wanted.phases ?? [],
    restore: null,
    provenance: [],
    markers: [],
    comparison: null,
    probe: { attempts: 0, failures: 0, lastFailure: null },
    sizes: [],
    failure: wanted.failure ?? null,
    cleanup: [],
    judgement: wanted.judgement === null ? null : madeUpJudgement(wanted.judgement),
  });
}

export function madeUpJudgement(wanted: Partial<Judgement> = {}): Judgement {
  return {
    verdict: 'met',
    sentence: 'All promises were kept.',
    findings: [],
    rta: { valueMs: 93_400, atLeast: false },
    rpa: { valueMs: 0, atLeast: false },
    exposureMs: 121_000,
    marginPercent: 59.8,
    ...wanted,
  };
}

export function madeUpFinding(name: Finding['name'], verdict: Verdict, sentence = 'Because.'): Finding {
  return { name, verdict, sentence };
}

/** A posture whose checks compared something and found it as promised, with any verdict. */
export function madeUpPosture(
  checks: readonly (Pick<PostureCheckRecord, 'name' | 'verdict' | 'sentence'> &
    Partial<
      Pick<PostureCheckRecord, 'definition' | 'condition' | 'halts' | 'owner' | 'nextStep' | 'observation' | 'failure'>
    >)[],
): PostureRecord {
  return {
    contract: { name: 'off-site-backups', owner: 'platform', controls: [] },
    appliedBy: null,
    at: '2025-11-23T12:00:00.000Z',
    durationMs: 1_200,
    applyMs: null,
    checks: checks.map((check) => ({
      promise: 'The promise',
      durationMs: 300,
      observation: comparisonOf({ of: 'settings', compared: 27, differences: [] }),
      failure: null,
      ...check,
    })),
    expectedChecks: checks.map(({ name }) => name),
    verdict: checks[0]?.verdict ?? 'unproven',
  };
}

export function madeUpRun(drills: readonly DrillRecord[], postures: readonly PostureRecord[] = []): RunRecord {
  return {
    schemaVersion: RECORD_SCHEMA_VERSION,
    runId: '20251123T120000000Z-abcdef',
    began: '2025-11-23T12:00:00.000Z',
    ended: '2025-11-23T12:01:04.000Z',
    durationMs: 64_000,
    command: 'dr-contracts drill',
    target: 'local',
    stages: [
      { name: 'toolchain', durationMs: 300 },
      { name: 'target started', durationMs: 6_100 },
      { name: 'drills', durationMs: 56_000 },
      { name: 'target stopped', durationMs: 1_200 },
    ],
    summary: summarise(drills, true, postures),
    drills: [...drills],
    ...(postures.length === 0 ? {} : { postures: [...postures] }),
  };
}

const moment = (monotonicMs: number) => ({ utc: '2025-11-23T12:00:00.000Z', monotonicMs });

const noMoments = {
  began: null,
  seeded: null,
  writerBegan: null,
  captureBegan: null,
  durable: null,
  disasterBegan: null,
  disasterEnded: null,
  cutOff: null,
  goneProved: null,
  firstFailedProbe: null,
  provisioned: null,
  restoreBegan: null,
  restoreEnded: null,
  firstVerifiedRead: null,
  firstVerifiedWrite: null,
  serviceRestored: null,
  verified: null,
  ended: null,
};
