import type { PostureRecord } from '../../../model/posture.ts';
import type { DrillRecord } from '../../../model/record.ts';
import { madeUpRun } from '../../../reporting/testing/made-up-records.ts';
import { judge } from '../../../verdict/judge.ts';
import { metRecord } from '../../../verdict/testing/met-records.ts';
import { type EntryBody, type LedgerEntry, MEASUREMENT_VERSION, type PromiseFacts } from '../../entry.ts';
import { collectProofs } from '../collect-proofs.ts';
import { decideGate, type GateInput } from '../decide.ts';
import type { GateDecision } from '../decision.ts';
import { type GatePolicyDefinition, parsePolicy } from '../policy.ts';
import type { GateQuestion } from '../question.ts';
import type { Waiver } from '../waivers.ts';

// Ledgers as plain entries, and the decisions of a gate on them.

export const NOW = new Date('2026-02-01T12:00:00.000Z');
export const COMMIT = 'c0ffee0000000000000000000000000000000000';
export const KEY = 'a'.repeat(64);
export const STRANGER = 'b'.repeat(64);
export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

const digestOf = (text: string): string => `sha256:${Buffer.from(text).toString('hex').padEnd(64, '0').slice(-64)}`;

export function promise(wanted: Partial<PromiseFacts> = {}): PromiseFacts {
  const contract = wanted.contract ?? 'orders';
  return {
    contract,
    file: `contracts/${contract}.spec.ts`,
    priority: 'P1',
    owner: 'tests',
    controls: [],
    disasters: ['wiped'],
    cadenceMs: null,
    inputs: [
      { path: `contracts/${contract}.spec.ts`, digest: digestOf('contract') },
      { path: 'ops/backup.sh', digest: digestOf('script') },
    ],
    ...wanted,
  };
}

export const withInput = (path: string, text: string): PromiseFacts['inputs'] => [{ path, digest: digestOf(text) }];

export interface MadeUpDrill {
  readonly agoMs?: number;
  readonly contract?: string;
  readonly disaster?: string;
  readonly target?: string;
  readonly commit?: string | null;
  readonly dirty?: boolean;
  readonly inputs?: PromiseFacts['inputs'];
  readonly keyId?: string | null;
  readonly measurementVersion?: number;
  readonly drillId?: string;
  /** Time between the end of the drill and the entry. */
  readonly appendedAfterMs?: number;
  readonly change?: (record: DrillRecord) => void;
  /** The recorded judgement; the default is today's judgement. */
  readonly recorded?: DrillRecord['judgement'];
}

/** The entry bodies of a run with one drill. */
export function run(wanted: MadeUpDrill = {}): readonly (EntryBody & { readonly keyId: string | null })[] {
  const { agoMs = HOUR_MS, contract = 'orders', disaster = 'wiped', target = 'local', keyId = null } = wanted;
  const { commit = COMMIT, dirty = false, measurementVersion = MEASUREMENT_VERSION, appendedAfterMs = 0 } = wanted;
  const endedMs = NOW.getTime() - agoMs;
  const at = new Date(endedMs + appendedAfterMs).toISOString();
  const runId = `r${agoMs}-${contract}-${wanted.drillId ?? ''}`;
  const record = metRecord((met) => {
    met.contract.name = contract;
    met.disaster.name = disaster;
    met.runId = runId;
    met.drillId = wanted.drillId ?? `d${agoMs}`;
    met.environment = { ...met.environment, target, commit, dirty };
    if (met.moments.ended !== null) met.moments.ended = { ...met.moments.ended, utc: new Date(endedMs).toISOString() };
    wanted.change?.(met);
  });
  record.judgement = wanted.recorded === undefined ? judge(record) : wanted.recorded;
  const { drills: _, ...finished } = { ...madeUpRun([record]), runId, target };
  const started: EntryBody = {
    kind: 'run-started',
    runId,
    at,
    command: 'dr-contracts drill',
    trigger: 'test',
    ranBy: { host: 'h', user: null, pipeline: null, runUrl: null, actor: null },
    commit,
    dirty,
    harnessVersion: '0.1.0',
    measurementVersion,
    promises: [{ ...promise({ contract }), ...(wanted.inputs === undefined ? {} : { inputs: wanted.inputs }) }],
    selected: null,
  };
  return [
    { ...started, keyId },
    { kind: 'drill', runId, at, measurementVersion, record, keyId },
    { kind: 'run-finished', runId, at, run: finished, keyId },
  ];
}

/** The entry bodies of a run of posture checks. */
export function postureRun(posture: PostureRecord, promised: PromiseFacts, target = 'local') {
  const [started, , finished] = run({ contract: promised.contract });
  if (started?.kind !== 'run-started' || finished?.kind !== 'run-finished') throw new Error('not a run');
  return [
    { ...started, promises: [promised] },
    { ...finished, run: { ...finished.run, target, postures: [{ ...posture, at: started.at }] } },
  ];
}

/** Bodies as the chained entries of a ledger. */
export function ledgerOf(bodies: readonly (EntryBody & { readonly keyId?: string | null })[]): readonly LedgerEntry[] {
  return bodies.map(({ keyId = null, ...body }, index) => ({
    sequence: index + 1,
    digest: `sha256:${String(index + 1).padStart(64, '0')}`,
    previous: index === 0 ? null : `sha256:${String(index).padStart(64, '0')}`,
    keyId,
    body,
  }));
}

export interface Asked extends Partial<Omit<GateInput, 'policy' | 'proofs'>> {
  readonly policy?: GatePolicyDefinition;
}

export const waiver = (wanted: Partial<Waiver> = {}): Waiver => ({
  contract: 'orders',
  finding: 'rto',
  reason: 'the new disks come in March',
  owner: 'storage',
  approver: 'cto',
  expires: '2026-03-31',
  ...wanted,
});

/** A question about the one promise, now. */
export const questionOf = (policy: Asked['policy'] = {}): GateQuestion => ({
  policy: parsePolicy(policy, 'test'),
  promises: [promise()],
  at: NOW,
  asksAboutPast: false,
  commit: COMMIT,
  workTree: 'at-commit',
  keyIds: [],
});

/** Returns the decision of a gate on a ledger of those runs, the oldest first. */
export async function decide(
  bodies: readonly (EntryBody & { readonly keyId?: string | null })[],
  { policy = {}, ...asked }: Asked = {},
): Promise<GateDecision> {
  const question = { ...questionOf(policy), waivers: [], ...asked };
  return decideGate({ ...question, proofs: await collectProofs(ledgerOf(bodies), question) });
}
