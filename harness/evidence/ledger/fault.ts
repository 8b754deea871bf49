/** What can be wrong with a ledger, by name. */
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

/** One thing that is wrong. */
export interface Fault {
  readonly name: FaultName;
  /** The sequence number of the entry that it is about, where it is about one. */
  readonly sequence: number | null;
  /** What is wrong, in one sentence. */
  readonly sentence: string;
}

/** Something that a reader should know and that does not make the ledger invalid. */
export interface Note {
  readonly name:
    | 'clock went backwards'
    | 'dated in the future'
    | 'run without an end'
    | 'anchor is older'
    | 'deviation is overdue';
  readonly sentence: string;
}

/** Faults of the same kind are told one by one up to this many, then counted. */
export const MOST_FAULTS_OF_A_KIND = 20;
