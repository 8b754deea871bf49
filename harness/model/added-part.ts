import { formatDuration } from './units.ts';

/** The added part of a phase, as every output shows it: a budget of the contract, or a wait that production has and the drill had not. */
export const addedPart = ({ name, addedMs }: { readonly name: string; readonly addedMs: number }): string =>
  `${formatDuration(addedMs)} ${name === 'backup-sync' ? 'added' : 'budgeted'}`;
