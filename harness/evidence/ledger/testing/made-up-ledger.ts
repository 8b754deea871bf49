import { generateKeyPairSync } from 'node:crypto';
import type { Clock } from '../../../clock/clock.ts';
import type { DrillRecord } from '../../../model/record.ts';
import { madeUpDrill, madeUpRun } from '../../../reporting/testing/made-up-records.ts';
import type { PromiseFacts } from '../../entry.ts';
import type { Signer } from '../envelope.ts';
import { Ledger, type NewEntry } from '../ledger.ts';
import { type KeyType, type PublicKey, publicKey } from '../public-key.ts';
import { openSigner } from '../signer.ts';
import type { LedgerStore } from '../store.ts';

// Ledgers of invented runs, for tests of readers.

export const never = new AbortController().signal;

/** A store in memory. Tests may change `files` like a forger. */
export class MemoryStore implements LedgerStore {
  readonly at = 'memory';
  readonly files = new Map<string, Buffer>();

  async *names(_signal: AbortSignal, after = ''): AsyncGenerator<string, void, undefined> {
    yield* [...this.files.keys()].filter((name) => name > after).toSorted();
  }
  async read(name: string): Promise<Uint8Array> {
    const bytes = this.files.get(name);
    if (bytes === undefined) throw new Error(`no ${name}`);
    return bytes;
  }
  async create(name: string, bytes: Uint8Array): Promise<boolean> {
    if (this.files.has(name)) return false;
    this.files.set(name, Buffer.from(bytes));
    return true;
  }
  async remove(names: readonly string[]): Promise<void> {
    for (const name of names) this.files.delete(name);
  }
  [Symbol.dispose](): void {}
}

export interface TestKey {
  readonly public: PublicKey;
  readonly privatePem: string;
  readonly signer: Signer;
}

export async function testKey(type: KeyType = 'ed25519'): Promise<TestKey> {
  const { privateKey } =
    type === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const privatePem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const signer = await openSigner({ env: 'KEY' }, { folder: '/', environment: { KEY: privatePem } });
  return { public: publicKey(privateKey, 'test key'), privatePem, signer };
}

/** A clock that tests move by hand. */
export class TestClock implements Clock {
  nowMs: number;

  constructor(utc = '2026-01-01T00:00:00.000Z') {
    this.nowMs = Date.parse(utc);
  }
  monotonicMs = () => this.nowMs;
  now = () => ({ utc: new Date(this.nowMs).toISOString(), monotonicMs: this.nowMs });
  pause = async () => undefined;
  advance(byMs: number): void {
    this.nowMs += byMs;
  }
}

export const DAY_MS = 86_400_000;

export function madeUpPromise(wanted: Partial<PromiseFacts> = {}): PromiseFacts {
  return {
    contract: 'nats-streams',
    file: 'contracts/nats-streams.spec.ts',
    priority: 'P1',
    owner: 'platform',
    controls: [],
    disasters: ['stream-deleted'],
    cadenceMs: null,
    inputs: [],
    ...wanted,
  };
}

export interface MadeUpRun {
  readonly runId: string;
  readonly drills?: readonly DrillRecord[];
  readonly promises?: readonly PromiseFacts[];
  readonly ending?: 'run-finished' | 'run-killed' | 'none';
}

/** Returns the entries of one run, in order. */
export function entriesOfRun({ runId, drills, promises, ending = 'run-finished' }: MadeUpRun): readonly NewEntry[] {
  const records = (drills ?? [madeUpDrill({ drillId: `d${runId}` })]).map((record) => ({ ...record, runId }));
  const { drills: _, ...run } = { ...madeUpRun(records), runId };
  return [
    {
      kind: 'run-started',
      runId,
      command: 'dr-contracts drill',
      trigger: 'test',
      ranBy: { host: 'h', user: 'u', pipeline: null, runUrl: null, actor: null },
      commit: 'c0ffee0000000000000000000000000000000000',
      dirty: false,
      harnessVersion: '0.1.0',
      measurementVersion: 1,
      promises: [...(promises ?? [madeUpPromise()])],
      selected: null,
    },
    ...records.map((record) => ({ kind: 'drill' as const, runId, measurementVersion: 1, record })),
    ...(ending === 'none' ? [] : [{ kind: ending, runId, run }]),
  ];
}

export interface MadeUpLedger {
  readonly store: MemoryStore;
  readonly clock: TestClock;
  readonly ledger: Ledger;
}

/** Returns a ledger of this many runs, one a day, of one drill each: three entries a run. */
export async function madeUpLedger(
  runs: number,
  signer?: Signer,
  promises?: readonly PromiseFacts[],
): Promise<MadeUpLedger> {
  const store = new MemoryStore();
  const clock = new TestClock();
  const ledger = new Ledger(store, signer, clock);
  for (let run = 1; run <= runs; run += 1) {
    for (const entry of entriesOfRun({ runId: `r${run}`, ...(promises === undefined ? {} : { promises }) })) {
      await ledger.append(entry, {}, never);
      clock.advance(60_000);
    }
    clock.advance(DAY_MS - 180_000);
  }
  return { store, clock, ledger };
}
