import { type Command, InvalidArgumentError, Option } from 'commander';
import { signOffOutcomes } from '../../evidence/entry.ts';
import { LEDGER_OPTION, textArgument } from '../arguments.ts';
import type { CloseDeviationOptions, ListDeviationsOptions, OpenDeviationOptions } from './deviation-command.ts';
import type { SignOffOptions } from './sign-off-command.ts';

export interface ReviewCommands {
  signOff(options: SignOffOptions): Promise<number>;
  openDeviation(options: OpenDeviationOptions): Promise<number>;
  closeDeviation(options: CloseDeviationOptions): Promise<number>;
  listDeviations(options: ListDeviationsOptions): Promise<number>;
}

const SIGN_WITH = [
  '--sign-with <file>',
  'your private key (default: ledger.reviewKey of the configuration, then ledger.key)',
] as const;

type Given<T> = Omit<T, 'comment' | 'dryRun' | 'json'> & { comment?: string; dryRun?: boolean; json?: boolean };

/** Adds the commands by which people comment on runs. */
export function addReviewCommands(
  program: Command,
  commands: ReviewCommands,
  finish: (work: Promise<number>) => Promise<void>,
): void {
  program
    .command('sign-off')
    .description('append to the ledger that you reviewed a run or a contract, and accepted or rejected it')
    .option('--run <run>', 'the run that you reviewed')
    .option('--contract <name>', 'the contract whose last drills you reviewed')
    .requiredOption('--reviewer <name>', 'who you are', textArgument)
    .option('--role <role>', 'in which role, e.g. "head of platform"', textArgument)
    .addOption(new Option('--outcome <outcome>', 'what you decided').choices(signOffOutcomes).makeOptionMandatory())
    .option('--comment <text>', 'a remark; needed for a rejection')
    .option(...SIGN_WITH)
    .option(...LEDGER_OPTION)
    .option('--dry-run', 'check the key, show what would be signed off, and append nothing')
    .action(({ comment = '', dryRun = false, ...rest }: Given<SignOffOptions>) =>
      finish(commands.signOff({ ...rest, comment: comment.trim(), dryRun })),
    );
  const deviation = program
    .command('deviation')
    .description(
      'record a failure that a drill showed: its cause, who corrects it by when, and the retest that closed it',
    );
  deviation
    .command('open')
    .description('append a deviation to the ledger')
    .option('--contract <name>', 'the contract')
    .option('--disaster <name>', 'one of its disasters')
    .addOption(new Option('--drill <id>', 'the drill that showed it').conflicts(['contract', 'disaster']))
    .requiredOption('--cause <text>', 'why it happened', textArgument)
    .requiredOption('--action <text>', 'what corrects it', textArgument)
    .requiredOption('--owner <name>', 'who corrects it', textArgument)
    .addOption(
      new Option('--due <date>', 'the day by which it must be corrected, e.g. 2027-01-31')
        .argParser(day)
        .makeOptionMandatory(),
    )
    .option('--ticket <id>', 'where the work is tracked', textArgument)
    .option(...SIGN_WITH)
    .option(...LEDGER_OPTION)
    .action((options: OpenDeviationOptions) => finish(commands.openDeviation(options)));
  deviation
    .command('close')
    .showHelpAfterError(
      'Example: dr-contracts deviation close 42 --by "Ada King" (`dr-contracts deviation list` shows the numbers; --help tells more)',
    )
    .description('record in the ledger that a later drill, which was met, closed a deviation')
    .argument('<entry>', 'the number of the entry that opened it; `deviation list` shows it', entryNumber)
    .option('--retest <drill>', 'id of the drill that shows it (default: the last one that was met)')
    .requiredOption('--by <name>', 'who closes it', textArgument)
    .option('--comment <text>', 'a remark')
    .option(...SIGN_WITH)
    .option(...LEDGER_OPTION)
    .addHelpText(
      'after',
      '\nIt needs a drill of the same contract that was made after the deviation was opened, and was met.\n\nExample:\n  $ npx dr-contracts deviation list                        entry 42 is open\n  $ npx dr-contracts drill --contract nats-streams         the retest\n  $ npx dr-contracts deviation close 42 --by "Ada King"',
    )
    .action((entry: number, { comment = '', ...rest }: Given<Omit<CloseDeviationOptions, 'entry'>>) =>
      finish(commands.closeDeviation({ ...rest, entry, comment: comment.trim() })),
    );
  deviation
    .command('list')
    .description('list the deviations that are open')
    .option(...LEDGER_OPTION)
    .option('--json', 'as JSON')
    .action(({ json = false, ...rest }: Given<ListDeviationsOptions>) =>
      finish(commands.listDeviations({ ...rest, json })),
    );
}

function day(text: string): string {
  const time = new Date(`${text}T00:00:00Z`);
  if (/^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(time.getTime()) && time.toISOString().startsWith(text)) {
    return text;
  }
  throw new InvalidArgumentError('Write a day such as 2027-01-31.');
}

function entryNumber(text: string): number {
  const entry = Number(text);
  if (/^\d{1,10}$/.test(text) && entry > 0) return entry;
  throw new InvalidArgumentError(
    'Write the number of the entry that opened it, e.g. `dr-contracts deviation close 42 --by "Ada King"`; `dr-contracts deviation list` shows it.',
  );
}
