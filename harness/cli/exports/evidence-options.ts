import { type Command, InvalidArgumentError, Option } from 'commander';
import { exportFormats } from '../../evidence/exports/format-names.ts';
import { LEDGER_OPTION, utcTime } from '../arguments.ts';

interface FromLedger {
  /** A folder, or `s3://bucket/prefix`; that of the configuration when left out. */
  readonly ledger?: string | undefined;
}

export interface ExportOptions extends FromLedger {
  readonly format: string;
  /** A run record, or the id of a run in the ledger. */
  readonly run?: string | undefined;
  readonly waivers?: string | undefined;
  readonly out?: string | undefined;
  /** Whether `out` may replace a file that this program did not write. */
  readonly force?: boolean | undefined;
}

export interface CommentOptions extends FromLedger {
  readonly run?: string | undefined;
  readonly waivers?: string | undefined;
  /** Number of the pull request; the pipeline's own when left out. */
  readonly pull?: number | undefined;
}

export interface HistoryOptions extends FromLedger {
  readonly contracts: readonly string[];
  /** Number of runs to read, from the last one backwards. */
  readonly runs: number;
  readonly json: boolean;
}

export interface DiffOptions extends FromLedger {
  readonly a: string;
  readonly b: string;
  readonly json: boolean;
}

export interface NotifyOptions extends FromLedger {
  readonly always: boolean;
  readonly at?: string | undefined;
  readonly json: boolean;
}

export interface EvidenceCommands {
  export(options: ExportOptions): Promise<number>;
  comment(options: CommentOptions): Promise<number>;
  history(options: HistoryOptions): Promise<number>;
  diff(options: DiffOptions): Promise<number>;
  notify(options: NotifyOptions): Promise<number>;
}

const RUN = '--run <run>';
const RUN_HELP = 'a run record, `previous`, or the id of a run in the ledger (default: the last run of the ledger)';
const WAIVERS = '--waivers <file>';
const WAIVERS_HELP = 'the waivers (default: dr-waivers.yaml, if there is one)';

/** Adds the commands that report the ledger's content to other tools and to people. */
export function addEvidenceCommands(
  program: Command,
  commands: EvidenceCommands,
  finish: (work: Promise<number>) => Promise<void>,
): void {
  program
    .command('export')
    .description('write results in the format of another tool, to stdout')
    .addOption(new Option('--format <format>', 'the format').choices(exportFormats).makeOptionMandatory())
    .option(RUN, RUN_HELP)
    .option(...LEDGER_OPTION)
    .option(WAIVERS, WAIVERS_HELP)
    .option('--out <file>', 'write to this file instead; an error leaves no partial file')
    .option('--force', 'replace a file that this program did not write')
    .addHelpText(
      'after',
      '\nEvery format reports a promise that is not proved as an error or a failure, never as skipped. docs/evidence.md describes each format.\nExit codes: 0 written, whatever the verdicts; 2 there was nothing to write, or it could not be written.',
    )
    .action((options: ExportOptions) => finish(commands.export(options)));
  program
    .command('comment')
    .description('write the results into one comment on the GitHub pull request, which the next run edits')
    .option(RUN, RUN_HELP)
    .option(...LEDGER_OPTION)
    .option(WAIVERS, WAIVERS_HELP)
    .option('--pull <number>', 'the pull request (default: the one of the pipeline)', wholeNumber)
    .addHelpText(
      'after',
      '\nNeeds $GITHUB_TOKEN and the variables of GitHub Actions.\nExit codes: 0 even if the comment could not be written (stderr gives the reason); 2 there is no token or no run.',
    )
    .action((options: CommentOptions) => finish(commands.comment(options)));
  program
    .command('history')
    .description('every promise with its last verdicts and recovery times')
    .argument('[contract...]', 'only these contracts')
    .option(...LEDGER_OPTION)
    .option('--runs <n>', 'how many of the latest runs to read', wholeNumber, 60)
    .option('--json', 'as JSON', false)
    .action((contracts: string[], options: Omit<HistoryOptions, 'contracts'>) =>
      finish(commands.history({ ...options, contracts })),
    );
  program
    .command('diff')
    .description('what changed from one run to another: verdicts, times beyond noise, versions, content')
    .argument('<a>', 'a run record, the id of a run in the ledger, `last` or `previous`')
    .argument('<b>', 'the same')
    .option(...LEDGER_OPTION)
    .option('--json', 'as JSON', false)
    .action((a: string, b: string, options: Omit<DiffOptions, 'a' | 'b'>) =>
      finish(commands.diff({ ...options, a, b })),
    );
  program
    .command('notify')
    .description('tell Slack, Mattermost or Teams what changed with the last run')
    .option('--always', 'send a message even when nothing changed', false)
    .option(...LEDGER_OPTION)
    .option('--at <time>', 'the time at which to judge whether a promise is overdue (default: now)', utcTime)
    .option('--json', 'print what changed as JSON', false)
    .addHelpText(
      'after',
      '\nPosts to each webhook whose address the environment holds (see `dr-contracts --help`).\nExit codes: 0 even if a message could not be delivered (stderr gives the reason); 2 no address is given, or the ledger cannot be read.',
    )
    .action((options: NotifyOptions) => finish(commands.notify(options)));
}

function wholeNumber(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError('Write a whole number of at least 1.');
  return count;
}
