import type { Moment } from '../clock/clock.ts';
import type { Disaster } from '../model/asset.ts';
import type { RanBy } from '../model/audit.ts';
import type { Contract } from '../model/contract.ts';
import { messagesOf } from '../model/errors.ts';
import type { BackupWait } from '../model/procedure.ts';
import { type DrillRecord, RECORD_SCHEMA_VERSION } from '../model/record.ts';
import { describeSandbox, type Target } from '../model/target.ts';
import { expectedOf } from './expected.ts';

/** Facts about the run that each of its drills records. */
export interface RunFacts {
  readonly runId: string;
  readonly trigger: string;
  /** The person or pipeline that started the run. Left out when the machine was not asked. */
  readonly ranBy?: RanBy;
  readonly concurrentDrills: number;
  readonly harnessVersion: string;
  readonly commit: string | null;
  readonly dirty: boolean | null;
  readonly host: DrillRecord['environment']['host'];
  readonly node: string;
}

/**
 * Returns the record at the start of a drill. A procedure that cannot list its differences from production has already failed, and the
 * record says so.
 */
export function newRecord(
  contract: Contract,
  disaster: Disaster,
  target: Pick<Target, 'name' | 'sessionId' | 'tools' | 'sandbox' | 'capabilities' | 'differencesFromProduction'>,
  run: RunFacts,
  drillId: string,
  began: Moment,
): DrillRecord {
  const { runId, ...facts } = run;
  const { differences, failure } = differencesOf(contract, target);
  const backupWait = backupWaitOf(contract, disaster);
  return {
    schemaVersion: RECORD_SCHEMA_VERSION,
    drillId,
    runId,
    state: 'started',
    contract: contractFacts(contract),
    disaster: {
      name: disaster.name,
      threat: disaster.threat,
      blastRadius: disaster.blastRadius,
      exercised: null,
      ...(disaster.assures === undefined ? {} : { assures: [...disaster.assures] }),
      ...(backupWait === undefined ? {} : { backupWait: { ...backupWait } }),
    },
    environment: {
      target: target.name,
      sessionId: target.sessionId,
      ...facts,
      tools: [...target.tools],
      sandbox: describeSandbox(target.sandbox),
      differencesFromProduction: [
        ...target.differencesFromProduction,
        ...withoutSandbox(target.sandbox),
        ...differences,
      ],
      settings: {},
    },
    moments: {
      began,
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
    },
    expected: expectedOf(contract, disaster),
    stages: [],
    seeded: null,
    fingerprint: null,
    recoveryPoint: null,
    absence: [],
    phases: [],
    restore: null,
    recovery: { steps: [], variables: [] },
    provenance: [],
    markers: [],
    comparison: null,
    probe: { attempts: 0, failures: 0, lastFailure: null },
    sizes: [],
    failure,
    cleanup: [],
    judgement: null,
  };
}

function differencesOf(
  { protectedBy }: Contract,
  target: Pick<Target, 'name' | 'capabilities'>,
): { readonly differences: readonly string[]; readonly failure: DrillRecord['failure'] } {
  try {
    return { differences: protectedBy.differencesFromProduction?.(target) ?? [], failure: null };
  } catch (error) {
    const failure = { stage: 'start', blame: 'harness' as const, messages: messagesOf(error), aborted: false };
    return { differences: [], failure };
  }
}

/** Returns the facts about the contract for a record: its promises and the asset. */
export function contractFacts(contract: Contract): DrillRecord['contract'] {
  return {
    name: contract.name,
    description: contract.asset.description,
    system: contract.asset.system,
    inScope: [...contract.asset.inScope],
    outOfScope: [...contract.asset.outOfScope],
    priority: contract.priority,
    owner: contract.owner,
    controls: [...contract.controls],
    rtoMs: contract.rtoMs,
    rpoMs: contract.rpoMs,
    procedure: contract.protectedBy.description,
    schedule: contract.protectedBy.schedule,
    detection: contract.detection ?? null,
    decisionMs: contract.decisionMs,
    productionSizeBytes: contract.productionSizeBytes ?? null,
    ...(contract.protectedBy.failBack === undefined ? {} : { failsBack: true }),
    ...(contract.freshness === undefined ? {} : { freshness: contract.freshness }),
    ...auditFacts(contract),
    ...(contract.definition === undefined ? {} : { definition: contract.definition }),
  };
}

/** Returns the notes for auditors, if there are any. */
function auditFacts({ cadenceMs, audit }: Pick<Contract, 'cadenceMs' | 'audit'>) {
  return { ...(cadenceMs === undefined ? {} : { cadenceMs }), ...(audit === undefined ? {} : { audit: { ...audit } }) };
}

function withoutSandbox(sandbox: Target['sandbox']): readonly string[] {
  if (sandbox.kind !== 'none') return [];
  return [
    `the platform's programs ran without a sandbox (${sandbox.reason}): they could reach files of this machine, including those that a backup left on it`,
  ];
}

/**
 * Returns the time that production may wait in this disaster until the place of the restore knows the backup; undefined if it knows it
 * already.
 */
function backupWaitOf(
  { protectedBy: { backupSync } }: Pick<Contract, 'protectedBy'>,
  { restoresIn }: Pick<Disaster, 'restoresIn'>,
): BackupWait | undefined {
  if (restoresIn === undefined) return undefined;
  return restoresIn === 'standby' ? backupSync?.inStandby : backupSync?.inNewPlace;
}

/** Returns the name of a drill for people. */
export const drillName = (contract: string, disaster: string): string => `${contract}/${disaster}`;
