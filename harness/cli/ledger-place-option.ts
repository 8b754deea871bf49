import { textArgument } from './text-argument.ts';

/** `--ledger` of the commands that read the ledger of the configuration when it is left out. A blank one is refused: a variable is not set. */
export const LEDGER_OPTION = [
  '--ledger <place>',
  'a folder, or s3://bucket/prefix (default: as the configuration says)',
  textArgument,
] as const;
