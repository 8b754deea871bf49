import { type Command, InvalidArgumentError, Option } from 'commander';
import type { LedgerSubject } from '../evidence/entry.ts';
import { type KeyType, keyTypes } from '../evidence/ledger/public-key.ts';
import { LEDGER_OPTION, textArgument, utcTime } from './arguments.ts';

export interface KeygenOptions {
  readonly type: KeyType;
  /** Path of the private key, relative to the current folder. */
  readonly out: string;
}

export interface ChangeKeyOptions {
  /** The new public key. */
  readonly to: string;
  readonly reason: string;
  readonly ledger?: string | undefined;
}

export interface VerifyLedgerOptions {
  /** The configuration's ledger when left out. */
  readonly ledger?: string | undefined;
  /** Files of public keys. */
  readonly keys: readonly string[];
  /** Files of public keys that count for sign-offs and deviations only. */
  readonly reviewerKeys?: readonly string[];
  /** Files, `s3://…` or `git-tag:NAME`. */
  readonly anchors: readonly string[];
  /** Time until which scheduled runs had to be made; now when left out. */
  readonly at?: string | undefined;
  readonly json: boolean;
}

export interface AnchorOptions {
  readonly ledger?: string | undefined;
  readonly keys: readonly string[];
  readonly reviewerKeys?: readonly string[];
  readonly to: string;
}

export interface LedgerCommands {
  keygen(options: KeygenOptions): Promise<number>;
  changeKey(options: ChangeKeyOptions): Promise<number>;
  verify(options: VerifyLedgerOptions): Promise<number>;
  anchor(options: AnchorOptions): Promise<number>;
}

const KEY = '--key <file...>';
const REVIEWER_KEY = '--reviewer-key <file...>';
const REVIEWER_KEY_HELP = 'public keys that are trusted for sign-offs and deviations, and for nothing else';

interface GivenKeys {
  readonly ledger?: string;
  readonly key?: string[];
  readonly reviewerKey?: string[];
}

/** Adds the commands of the ledger and their options. */
export function addLedgerCommands(
  program: Command,
  commands: LedgerCommands,
  finish: (work: Promise<number>) => Promise<void>,
): void {
  program
    .command('verify')
    .description('check whether the ledger of all runs can be trusted, and if not, say what was done to it')
    .option(...LEDGER_OPTION)
    .option(KEY, 'public keys that are trusted; without one a ledger is never valid')
    .option(REVIEWER_KEY, REVIEWER_KEY_HELP)
    .option(
      '--anchor <place...>',
      'an anchor that `dr-contracts anchor` wrote: a file, s3://bucket/key or git-tag:NAME (an annotated tag whose message is the anchor)',
    )
    .option('--at <time>', 'the time at which to judge whether scheduled runs are missing (default: now)', utcTime)
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nExit codes: 0 valid; 1 something was edited, deleted, reordered, inserted, truncated or signed by a stranger;\n2 nothing was changed, but it is unsigned, no key was given, or scheduled runs are missing.',
    )
    .action((given: GivenKeys & { anchor?: string[]; at?: string; json?: boolean }) => {
      const { key = [], reviewerKey = [], anchor = [], json = false, ...rest } = given;
      return finish(commands.verify({ ...rest, keys: key, reviewerKeys: reviewerKey, anchors: anchor, json }));
    });
  program
    .command('anchor')
    .description('write the head of the ledger to a place that the writer of the ledger cannot change')
    .requiredOption(
      '--to <place>',
      'a new file, s3://bucket/key (best under object lock) or git-tag:NAME (makes that tag; push it)',
    )
    .option(...LEDGER_OPTION)
    .option(KEY, 'public keys that are trusted')
    .option(REVIEWER_KEY, REVIEWER_KEY_HELP)
    .action(({ key = [], reviewerKey = [], ...rest }: GivenKeys & { to: string }) =>
      finish(commands.anchor({ ...rest, keys: key, reviewerKeys: reviewerKey })),
    );
  program
    .command('keygen')
    .description('make a key pair that signs the ledger')
    .addOption(new Option('--type <type>', 'kind of key').choices(keyTypes).default('ed25519'))
    .requiredOption('--out <file>', 'the private key; the public key is put beside it (ledger.pem: ledger.pub.pem)')
    .action((options: KeygenOptions) => finish(commands.keygen(options)));
  program
    .command('change-key')
    .description('record in the ledger that another key signs from now on; the current key signs this entry')
    .requiredOption('--to <file>', 'the new public key')
    .requiredOption('--reason <text>', 'the reason, for those who verify the ledger', textArgument)
    .option(...LEDGER_OPTION)
    .action((options: ChangeKeyOptions) => finish(commands.changeKey(options)));
}

const LENGTHS: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 };

/** Parses `registry/image@sha256:…` and adds it to the earlier ones. */
export function addSubject(text: string, before: readonly LedgerSubject[] = []): readonly LedgerSubject[] {
  const [, name = '', algorithm = '', digest = ''] = /^(.+)@([a-z0-9]+):([0-9a-f]+)$/.exec(text) ?? [];
  if (name !== '' && digest.length === LENGTHS[algorithm])
    return [...before, { name, digest: { [algorithm]: digest } }];
  throw new InvalidArgumentError('Write a name and its whole digest, e.g. registry.example/api@sha256:0123…');
}
