import { type Command, Option } from 'commander';
import { type FrameworkId, frameworkIds } from '../evidence/compliance/catalogue-schema.ts';
import { endArgument, LEDGER_OPTION, timeArgument } from './arguments.ts';
import {
  type ComplianceFormat,
  type ComplianceOptions,
  complianceFormats,
  frameworkList,
} from './compliance/compliance-options.ts';
import type { ReportOptions } from './report-command.ts';

export interface ReportCommands {
  report(options: ReportOptions): Promise<number>;
  compliance(options: ComplianceOptions): Promise<number>;
}

interface Given extends ReportOptions {
  readonly from?: Date;
  readonly to?: Date;
  readonly controls?: readonly FrameworkId[];
  readonly format?: ComplianceFormat;
  readonly key?: readonly string[];
  readonly reviewerKey?: readonly string[];
}

/** Adds `report`: of a run; with `--from`, of a period. */
export function addReportCommand(
  program: Command,
  commands: ReportCommands,
  finish: (work: Promise<number>) => Promise<void>,
): void {
  const period = 'For a period:';
  const run = 'For a run:';
  const option = (flags: string, text: string, group: string) => new Option(flags, text).helpGroup(group);
  const command = program.command('report');
  command
    .description('write the page of a run again, or, with --from, the compliance report of a period of the ledger')
    .option(
      '--out <path>',
      'where the report goes (default: below the folder of the records); `-` writes the report of a period to standard output',
    )
    .option('--force', 'let --out replace a file that this program did not write')
    .option(...LEDGER_OPTION)
    .addOption(option('--run <id>', 'a run that is kept in <records>/runs (default: the latest)', run))
    .addOption(
      option(
        '--decision <file>',
        'the decision that `gate --format json` printed (default: ask the gate, if there is a policy)',
        run,
      ),
    )
    .addOption(option('--records <folder>', 'where records are (default: where drills leave them)', run))
    .addOption(option('--from <day>', 'the first day of the period, UTC', period).argParser(timeArgument))
    .addOption(option('--to <day>', 'the last day of the period, UTC (default: now)', period).argParser(endArgument))
    .addOption(
      option(
        '--controls <frameworks>',
        `frameworks whose clauses the report covers: ${frameworkIds.join(',')} (default: all)`,
        period,
      ).argParser(frameworkList),
    )
    .addOption(option('--format <format>', 'form of the report', period).choices(complianceFormats).default('html'))
    .addOption(option('--key <file...>', 'public keys that are trusted; without one a ledger is never valid', period))
    .addOption(
      option('--reviewer-key <file...>', 'public keys that are trusted for sign-offs and deviations only', period),
    )
    .addHelpText(
      'after',
      '\nA report of a period is made from the ledger alone. It exits 0 whatever the drills showed:\nthe gate decides. PDF needs Chromium, Chrome or Edge on this machine.',
    )
    .action((given: Given) => {
      const {
        from,
        to,
        controls = frameworkIds,
        format = 'html',
        key = [],
        reviewerKey = [],
        run: runId,
        decision,
        records,
        ...rest
      } = given;
      if (from !== undefined) {
        refuse(
          command,
          given,
          ['run', 'decision', 'records'],
          'is for the page of a run, but --from asks for the report of a period',
        );
        return finish(
          commands.compliance({ ...rest, from, to, controls, format, keys: key, reviewerKeys: reviewerKey }),
        );
      }
      refuse(
        command,
        given,
        ['to', 'controls', 'format', 'key', 'reviewerKey'],
        'is for the report of a period: add --from',
      );
      return finish(commands.report({ ...rest, run: runId, decision, records }));
    });
}

/** Refuses an option without effect: it is a mistake of the user. */
function refuse(command: Command, given: Given, names: readonly (keyof Given)[], why: string): void {
  const name = names.find((each) => given[each] !== undefined && command.getOptionValueSource(each) === 'cli');
  if (name !== undefined) command.error(`error: option '--${name === 'reviewerKey' ? 'reviewer-key' : name}' ${why}`);
}
