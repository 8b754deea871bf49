/** Names of the faults of a ledger. */
const faultNames = [
  'newer',
  'edited',
  'deleted',
  'reordered',
  'inserted',
  'stranger',
  'retired key',
  'unsigned',
  'incomplete run',
  'truncated',
  'rewritten',
  'dated before its anchor',
  'dated after its anchor',
  'missing run',
  'unfounded',
] as const;
export type FaultName = (typeof faultNames)[number];

/** One fault. */
export interface Fault {
  readonly name: FaultName;
  /** The sequence number of the faulty entry; null for other faults. */
  readonly sequence: number | null;
  /** The fault in one sentence. */
  readonly sentence: string;
}

/** A remark that does not make the ledger invalid. */
export interface Note {
  readonly name:
    | 'clock went backwards'
    | 'dated in the future'
    | 'run without an end'
    | 'anchor is older'
    | 'deviation is overdue';
  readonly sentence: string;
}

/** Maximum number of listed faults of a kind; further ones are only counted. */
export const MOST_FAULTS_OF_A_KIND = 20;
