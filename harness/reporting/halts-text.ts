import type { HaltCondition } from '../model/posture.ts';

/** What of a check or of a gate's problem says that it halts the roll-out. */
export interface Halting {
  readonly halts?: HaltCondition | undefined;
  readonly owner?: string | undefined;
  readonly nextStep?: string | undefined;
}

/** For a heading or a cell; empty where nothing is halted. */
export const haltLabel = ({ halts }: Halting): string => (halts === undefined ? '' : `halts the roll-out (${halts})`);

/** The same behind a name or a kind. */
export const haltsBehind = (halting: Halting): string => (halting.halts === undefined ? '' : `, ${haltLabel(halting)}`);

/** The same for a narrow column. */
export const haltLines = ({ halts }: Halting): readonly string[] =>
  halts === undefined ? [] : ['halts the', 'roll-out', `(${halts})`];

/** What is halted, who answers for it and what to do; empty where nothing is halted. */
export function haltSentence(halting: Halting): string {
  const { owner, nextStep } = halting;
  const label = haltLabel(halting);
  if (label === '') return '';
  const who = owner === undefined ? '' : ` Owner: ${owner}.`;
  return `It ${label}.${who}${nextStep === undefined ? '' : ` ${nextStep}`}`;
}

/** A sentence with what it halts behind it. */
export const withHalt = (sentence: string, halting: Halting): string =>
  [sentence, haltSentence(halting)].filter((text) => text !== '').join(' ');
