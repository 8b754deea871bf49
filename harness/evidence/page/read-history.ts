import { messagesOf } from '../../model/errors.ts';
import type { EntryBody } from '../entry.ts';
import { readLedger } from '../ledger/ledger-store.ts';
import type { LedgerStore } from '../ledger/store.ts';
import type { PageLedger, PastDrill } from './page-source.ts';

/** Maximum number of entries of earlier runs that a page may read. A run of twenty contracts has about 25. */
const HISTORY_ENTRIES = 400;

export interface RunHistory {
  readonly past: readonly PastDrill[];
  readonly ledger: Omit<PageLedger, 'at' | 'option'>;
}

/**
 * Reads the ledger's data on a run and on earlier ones, the newest first. It checks neither signatures nor the chain.
 * An unreadable entry ends the history. The page then says so; it never fails for this reason.
 * @param most maximum number of entries of earlier runs to read.
 */
export async function readHistory(
  store: LedgerStore,
  runId: string,
  signal: AbortSignal,
  most = HISTORY_ENTRIES,
): Promise<RunHistory> {
  const past: PastDrill[] = [];
  const own: OwnEntry[] = [];
  let promised: PageLedger['promised'] = null;
  let earlier = 0;
  let isCut = false;
  let problem: string | null = null;
  try {
    for await (const entry of readLedger(store, signal, 'newest first')) {
      const { body } = entry;
      if (!('runId' in body) || body.runId === null) continue;
      if (body.runId === runId) {
        const drillId = body.kind === 'drill' ? body.record.drillId : null;
        own.push({ sequence: entry.sequence, keyId: entry.keyId, drillId });
        if (body.kind === 'run-started') promised = body.promises;
      }
      // Ids begin with the time at which the run began.
      if (body.runId < runId) {
        isCut = earlier === most;
        if (isCut) break;
        earlier += 1;
        if (body.kind === 'drill') past.push(pastDrillOf(body));
      }
    }
  } catch (error) {
    problem = `Older drills could not be read from the ledger. ${messagesOf(error).join(': ')}`;
  }
  const sequences = own.map(({ sequence }) => sequence);
  return {
    past,
    ledger: {
      promised,
      entries:
        own.length === 0
          ? null
          : {
              first: Math.min(...sequences),
              last: Math.max(...sequences),
              count: own.length,
              unsigned: own.filter(({ keyId }) => keyId === null).length,
              keyIds: [...new Set(own.flatMap(({ keyId }) => keyId ?? []))],
              drillIds: own.flatMap(({ drillId }) => drillId ?? []),
            },
      isCut,
      problem,
    },
  };
}

/** The kept part of an entry of the run itself. */
interface OwnEntry {
  readonly sequence: number;
  readonly keyId: string | null;
  readonly drillId: string | null;
}

type DrillBody = Extract<EntryBody, { readonly kind: 'drill' }>;

/** Whole records would take 40 kB each. */
function pastDrillOf({ runId, measurementVersion, record }: DrillBody): PastDrill {
  const { drillId, contract, disaster, environment, moments, phases, seeded, failure, judgement } = record;
  return {
    drillId,
    runId,
    measurementVersion,
    contract: { name: contract.name, rtoMs: contract.rtoMs },
    disaster: { name: disaster.name },
    environment: {
      target: environment.target,
      concurrentDrills: environment.concurrentDrills,
      ...(environment.beside === undefined ? {} : { beside: environment.beside }),
      host: environment.host,
    },
    moments: { began: { utc: moments.began.utc } },
    phases: phases.map(({ name, outcome, measuredMs }) => ({ name, outcome, measuredMs })),
    seeded: seeded && { bytes: seeded.bytes },
    failure: failure && { stage: failure.stage },
    judgement: judgement && { verdict: judgement.verdict, rta: judgement.rta && { valueMs: judgement.rta.valueMs } },
  };
}
