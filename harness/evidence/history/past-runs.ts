import type { PastResult, PastRun, ReadPastRuns } from '../../model/past-run.ts';
import type { PostureCheckRecord, PostureRecord } from '../../model/posture.ts';
import { judgePosture } from '../../verdict/posture.ts';
import type { EntryBody, EntryOf, LedgerEntry } from '../entry.ts';
import { readLedger } from '../ledger/ledger-store.ts';
import type { LedgerStore } from '../ledger/store.ts';

/** Maximum number of entries that a check reads: in a bucket, each takes a round trip. A run of twenty contracts has about 25. */
const MOST_ENTRIES = 2_000;

/**
 * Reads the earlier runs from a ledger. It checks neither signatures nor the chain: `verifyLedger` does that.
 * @param thisRun the current run.
 * @param most maximum number of entries to read.
 */
export function pastRunsOf(store: LedgerStore, thisRun: string, most = MOST_ENTRIES): ReadPastRuns {
  return async (visit, signal) => {
    /** Runs whose beginning was not read yet, the newest first. */
    const open = new Map<string, Findings>();
    let entries = 0;
    for await (const { body } of readLedger(store, signal, 'newest first')) {
      if (entries === most) return { isCut: true };
      entries += 1;
      if (body.kind === 'run-started') {
        const { target = 'local', results = [] } = open.get(body.runId) ?? {};
        open.delete(body.runId);
        const isThisRun = body.runId === thisRun;
        if (visit(pastRun(body, target, isThisRun ? [] : results), isThisRun) === 'enough') return { isCut: false };
      } else if (body.kind === 'drill' || body.kind === 'run-finished' || body.kind === 'run-killed') {
        const known = open.get(body.runId) ?? { target: undefined, results: [] };
        open.set(body.runId, {
          target: known.target ?? targetOf(body),
          results: [...known.results, ...resultsIn(body)],
        });
      }
    }
    return { isCut: false };
  };
}

interface Findings {
  readonly target: string | undefined;
  readonly results: readonly PastResult[];
}

type Found = EntryOf<'drill'> | EntryOf<'run-finished'> | EntryOf<'run-killed'>;

const targetOf = (body: Found): string => (body.kind === 'drill' ? body.record.environment.target : body.run.target);

const pastRun = (
  { runId, at, promises }: Extract<EntryBody, { kind: 'run-started' }>,
  target: string,
  results: readonly PastResult[],
): PastRun => ({
  runId,
  began: at,
  target,
  promises: promises.map(({ contract, disasters }) => ({ contract, disasters })),
  results,
});

/** Returns the results in an entry, without interrupted drills, which prove nothing. */
function resultsIn(body: Found): readonly PastResult[] {
  if (body.kind !== 'drill') {
    return (body.run.postures ?? []).flatMap(({ contract, at, checks }) =>
      checks.map(({ name, condition, verdict, sentence }) => ({
        contract: contract.name,
        part: name,
        isCheck: true,
        isOfRepetition: condition === 'repetition',
        at,
        verdict,
        sentence,
      })),
    );
  }
  const { contract, disaster, judgement, failure, moments } = body.record;
  if (judgement === null || failure?.aborted === true) return [];
  return [
    {
      contract: contract.name,
      part: disaster.name,
      isCheck: false,
      isOfRepetition: false,
      at: moments.ended?.utc ?? body.at,
      verdict: judgement.verdict,
      sentence: judgement.sentence,
    },
  ];
}

/** Maximum number of entries to read for the last halts. */
const MOST_ENTRIES_WITH_HALTS = 400;

/** A posture check that halts the roll-out, from its last run. */
interface LastHalt {
  readonly contract: string;
  readonly check: PostureCheckRecord;
  readonly runId: string;
  readonly at: string;
}

interface LastHalts {
  /** Number of checked posture contracts. */
  readonly contracts: number;
  readonly halts: readonly LastHalt[];
}

/** Returns the checks that halt the roll-out: the last record of each posture contract of the project, judged by today's rules. */
export async function lastHalts(
  newestFirst: AsyncIterable<LedgerEntry>,
  most = MOST_ENTRIES_WITH_HALTS,
): Promise<LastHalts> {
  const found = new Map<string, { readonly record: PostureRecord; readonly runId: string }>();
  let stated: ReadonlySet<string> | undefined;
  let entries = 0;
  for await (const { body } of newestFirst) {
    if (entries === most) break;
    entries += 1;
    if (body.kind === 'run-started') {
      stated ??= new Set(
        body.promises.filter(({ disasters }) => disasters.length === 0).map(({ contract }) => contract),
      );
      const read = found;
      if ([...stated].every((contract) => read.has(contract))) break;
    } else if (body.kind === 'run-finished' || body.kind === 'run-killed') {
      for (const record of body.run.postures ?? []) {
        if (!found.has(record.contract.name)) found.set(record.contract.name, { record, runId: body.runId });
      }
    }
  }
  const looked = [...found].filter(([contract]) => stated === undefined || stated.has(contract));
  return {
    contracts: looked.length,
    halts: looked.flatMap(([contract, { record, runId }]) =>
      judgePosture(record)
        .checks.filter(({ halts }) => halts !== undefined)
        .map((check) => ({ contract, check, runId, at: record.at })),
    ),
  };
}
