// A separate file, so that the help of the command line names the formats without loading them.

/** Formats that show one run. */
const runFormats = [
  'junit',
  'ctrf',
  'in-toto',
  'oscal',
  'otlp',
  'github-summary',
  'github-comment',
  'gitlab',
  'csv',
  'json',
] as const;
export type RunFormat = (typeof runFormats)[number];

/** Formats that show the current state of every promise, from all runs. */
const stateFormats = ['openmetrics', 'prometheus'] as const;
export type StateFormat = (typeof stateFormats)[number];

export const exportFormats: readonly string[] = [...runFormats, ...stateFormats];

export const isStateFormat = (format: string): format is StateFormat => stateFormats.some((each) => each === format);
