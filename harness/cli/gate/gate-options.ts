import { type Command, InvalidArgumentError, Option } from 'commander';
import { textArgument, timeArgument } from '../arguments.ts';

/** Formats in which the decision is one document. */
const documentFormats = ['json', 'junit', 'gitlab'] as const;
export type DocumentFormat = (typeof documentFormats)[number];

/** An output file of the decision, relative to the current folder. */
export interface DecisionFile {
  readonly format: DocumentFormat;
  readonly path: string;
}

const gateFormats = ['text', 'json', 'junit', 'github', 'gitlab'] as const;
type GateFormat = (typeof gateFormats)[number];

export interface GateOptions {
  readonly policy?: string | undefined;
  readonly waivers?: string | undefined;
  /** A folder, or `s3://bucket/prefix`. */
  readonly ledger?: string | undefined;
  readonly commit?: string | undefined;
  readonly at?: Date | undefined;
  readonly base?: string | undefined;
  /** Files of public keys. */
  readonly key: readonly string[];
  readonly explain?: string | undefined;
  readonly format: GateFormat;
  /** Files that get the same decision. */
  readonly write?: readonly DecisionFile[];
  readonly dryRun: boolean;
  readonly strict: boolean;
  readonly serve?: ServeAddress | undefined;
}

export interface ServeAddress {
  readonly host: string;
  readonly port: number;
}

type Given = Partial<Omit<GateOptions, 'format'>> & Pick<GateOptions, 'format'>;

const HELP = `
The gate reads the ledger and never drills. It asks about every contract of the project, so a drill that never ran blocks.

Exit codes (the worst of 70, 64, 1, 2 counts):
  0   every contract may be promoted: met, at risk where the policy allows it, or waived
  1   something is breached: a promise, a posture check, a regression limit
  2   something is not proved: unproven, stale, missing, overdue, changed since, not signed by a key of the policy,
      not signed off where the policy asks for it, waiver expired
  64  the policy, the waiver file or the command line is invalid
  70  the gate itself failed, such as for a ledger that cannot be read

Policy and waivers are read from the base branch when the pipeline names one (GITHUB_BASE_REF,
CI_MERGE_REQUEST_TARGET_BRANCH_NAME, or --base), so that a pull request cannot change the rules by which it is judged.

Examples:
  $ npx dr-contracts gate                              may this be promoted?
  $ npx dr-contracts gate --explain nats-streams       one contract, with the proof that counts
  $ npx dr-contracts gate --dry-run                    report for now, and never fail for what it finds
  $ npx dr-contracts gate --format junit > gate.xml    for a pipeline; the text goes to standard error
  $ npx dr-contracts gate --write json=gate.json junit=gate.xml    one decision in several files
  $ npx dr-contracts gate --at 2027-01-01              what it would have said, or will say
`;

export function addGateCommand(program: Command, run: (options: GateOptions) => Promise<void>): void {
  program
    .command('gate')
    .description('decide from the ledger whether this commit may be promoted; never drills')
    .option(
      '--policy <file>',
      'the policy (default: dr-gate.ts, .mts, .js or .mjs, or built-in defaults)',
      textArgument,
    )
    .option('--waivers <file>', 'the waivers (default: dr-waivers.yaml, if there is one)', textArgument)
    .option('--ledger <place>', 'a folder, or s3://bucket/prefix (default: <out>/ledger)', textArgument)
    .option('--commit <sha>', 'the commit to promote (default: the one that is checked out)', textArgument)
    .addOption(
      new Option('--at <time>', 'decide as of that time, e.g. 2027-01-31T12:00Z (default: now)').argParser(
        timeArgument,
      ),
    )
    .option('--base <branch>', 'read policy and waivers from that branch', textArgument)
    .option('--key <file...>', 'public keys; one of them must have signed each proof')
    .addOption(new Option('--explain <contract>', 'everything about one contract, as text').conflicts('format'))
    .addOption(new Option('--format <format>', 'how to print the decision').choices(gateFormats).default('text'))
    .addOption(
      new Option('--write <format=file...>', `also write the decision to files: ${documentFormats.join(', ')}`)
        .argParser(decisionFile)
        .conflicts(['explain', 'serve']),
    )
    .option('--dry-run', 'print the decision, and exit 0 even if a promise is breached or not proved')
    .option('--strict', 'fail if a waiver covers nothing')
    .addOption(
      new Option('--serve <[host:]port>', 'answer over HTTP, read-only (default host: 127.0.0.1)').argParser(
        parseAddress,
      ),
    )
    .addHelpText('after', HELP)
    .action(async ({ key = [], dryRun = false, strict = false, ...given }: Given) => {
      await run({ ...given, key, dryRun, strict });
    });
}

/** Parses `FORMAT=FILE` and adds it to the earlier ones. */
function decisionFile(text: string, before: readonly DecisionFile[] = []): readonly DecisionFile[] {
  const [, name, path = ''] = /^([a-z]+)=(.+)$/.exec(text) ?? [];
  const format = documentFormats.find((each) => each === name);
  if (format !== undefined && path.trim() !== '') return [...before, { format, path }];
  throw new InvalidArgumentError(
    `Write a format (${documentFormats.join(', ')}) and a file, e.g. json=reports/gate.json.`,
  );
}

function parseAddress(text: string): ServeAddress {
  const [, host = '127.0.0.1', digits = ''] = /^(?:(.+):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === '' || port > 65_535) {
    throw new InvalidArgumentError('Write a port, or a host and a port, e.g. 8080 or 0.0.0.0:8080.');
  }
  return { host: host.replace(/^\[|\]$/g, ''), port };
}
