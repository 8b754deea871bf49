import type { DrillRecord, FindingName } from '../../model/record.ts';
import { isKept } from '../../model/record-parts.ts';
import type { LedgerEntry } from '../entry.ts';
import { sequenceIn } from '../ledger/entry-file.ts';
import type { FoundEntry } from '../ledger/ledger-store.ts';
import type { EvidenceKind } from './catalogue-schema.ts';

/**
 * Decides which entries of a ledger a report may count: each one once, and at its own place. A copy of an entry has a valid signature, so
 * the signature alone does not keep a copy from counting as a second proof. `verify` calls the same entries `inserted` or `reordered`.
 */
export class CountedEntries {
  #named: number | undefined;
  /** The counted entries of each run that has not ended. */
  readonly #open = new Map<string, Set<string>>();
  readonly #ended = new Set<string>();

  /** Yields the files, and remembers the name of the last one. */
  async *following(files: AsyncIterable<FoundEntry>): AsyncGenerator<FoundEntry, void, undefined> {
    for await (const file of files) {
      this.#named = sequenceIn(file.name);
      yield file;
    }
  }

  /** Returns whether the entry of the last yielded file counts. Call it once for each trusted entry. */
  counts({ sequence, body }: LedgerEntry): boolean {
    if (sequence !== this.#named) return false;
    switch (body.kind) {
      case 'run-started':
        return this.#isFirst(body.runId, 'start');
      case 'drill':
        return this.#isFirst(body.runId, `drill ${body.record.drillId}`);
      case 'run-finished':
      case 'run-killed':
        if (this.#ended.has(body.runId)) return false;
        this.#open.delete(body.runId);
        this.#ended.add(body.runId);
        return true;
      default:
        return true;
    }
  }

  /** Returns whether this is the first such entry of a run that has not ended. */
  #isFirst(runId: string, what: string): boolean {
    if (this.#ended.has(runId)) return false;
    const counted = this.#open.get(runId) ?? new Set();
    this.#open.set(runId, counted);
    if (counted.has(what)) return false;
    counted.add(what);
    return true;
  }
}

/** Returns for each applicable kind of evidence whether the drill showed it. */
export function evidenceOf(record: DrillRecord): ReadonlyMap<EvidenceKind, boolean> {
  const { judgement, comparison, failBack, replication } = record;
  const isMet = isKept(judgement?.verdict ?? 'unproven');
  const compared = comparison?.items.reduce((sum, { expected }) => sum + expected, 0) ?? 0;
  const evidence = new Map<EvidenceKind, boolean>([
    ['recovery', isMet],
    ['content', compared > 0 && findingHolds(record, 'content')],
    ['objectives', judgement?.rta != null && !judgement.rta.atLeast],
  ]);
  if (judgement === null || judgement.findings.some(({ name }) => name === 'exposure')) {
    evidence.set('exposure', findingHolds(record, 'exposure'));
  }
  if (failBack !== undefined || replication !== undefined) evidence.set('switchover', isMet);
  return evidence;
}

const findingHolds = ({ judgement }: DrillRecord, name: FindingName): boolean =>
  judgement?.findings.some((finding) => finding.name === name && isKept(finding.verdict)) ?? false;
