import type { HaltCondition } from '../model/posture.ts';

/** Fields of a check, or of a gate's problem, that say whether it halts the roll-out. */
export interface Halting {
  readonly halts?: HaltCondition | undefined;
  readonly owner?: string | undefined;
  readonly nextStep?: string | undefined;
}

/** Label for a heading or a cell; empty if nothing is halted. */
export const haltLabel = ({ halts }: Halting): string => (halts === undefined ? '' : `halts the roll-out (${halts})`);

/** The same label, for use after a name or a kind. */
export const haltsBehind = (halting: Halting): string => (halting.halts === undefined ? '' : `, ${haltLabel(halting)}`);

/** The same label for a narrow column. */
export const haltLines = ({ halts }: Halting): readonly string[] =>
  halts === undefined ? [] : ['halts the', 'roll-out', `(${halts})`];

/** Says what is halted, who is responsible and what to do; empty if nothing is halted. */
export function haltSentence(halting: Halting): string {
  const { owner, nextStep } = halting;
  const label = haltLabel(halting);
  if (label === '') return '';
  const who = owner === undefined ? '' : ` Owner: ${owner}.`;
  return `It ${label}.${who}${nextStep === undefined ? '' : ` ${nextStep}`}`;
}

/** Appends what a sentence's problem halts. */
export const withHalt = (sentence: string, halting: Halting): string =>
  [sentence, haltSentence(halting)].filter((text) => text !== '').join(' ');
