import type { PostureCheckRecord, PostureRecord } from '../../model/posture.ts';
import { judgePosture } from '../../verdict/posture.ts';
import type { LedgerEntry } from '../entry.ts';

/** A look at the ledger that nobody waits for. */
const MOST_ENTRIES = 400;

/** A posture check that halts the roll-out, by the last run that made it. */
interface LastHalt {
  readonly contract: string;
  readonly check: PostureCheckRecord;
  readonly runId: string;
  readonly at: string;
}

export interface LastHalts {
  /** Posture contracts that were looked at. */
  readonly contracts: number;
  readonly halts: readonly LastHalt[];
}

/** What halts the roll-out, by the last record of each posture contract that the project still states, judged by the rules of today. */
export async function lastHalts(newestFirst: AsyncIterable<LedgerEntry>, most = MOST_ENTRIES): Promise<LastHalts> {
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
