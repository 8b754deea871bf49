import { availableParallelism } from 'node:os';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { LedgerSubject } from '../evidence/entry.ts';
import { isBlank } from '../model/blank-text.ts';
import { targetWishes } from '../targets/wishes.ts';
import type { DemoOptions } from './demo/demo-command.ts';
import type { DoctorOptions } from './doctor-command.ts';
import type { DrillOptions } from './drill-command.ts';
import { addEvidenceCommands, type EvidenceCommands } from './exports/evidence-options.ts';
import { addGateCommand, type GateOptions } from './gate/gate-options.ts';
import type { InitOptions } from './init/init-command.ts';
import { addInitCommand } from './init/init-options.ts';
import { addLedgerCommands, addSubject, type LedgerCommands } from './ledger-options.ts';
import { addReportCommand, type ReportCommands } from './report-options.ts';
import { addReviewCommands, type ReviewCommands } from './review/review-options.ts';
import type { RunbookOptions } from './runbook-command.ts';
import type { ToolchainOptions } from './toolchain-command.ts';
import { addToolchainCommand } from './toolchain-options.ts';

const MOST_JOBS = 64;
/** EX_USAGE of sysexits.h. */
const USAGE = 64;

/** What each command does, apart from how it is called. Every one resolves to its exit code. */
export interface Commands extends LedgerCommands, ReviewCommands, EvidenceCommands, ReportCommands {
  /** Told the configuration file that the command line names, before any of the others. */
  configure?(file: string | undefined): void;
  init(options: InitOptions): Promise<number>;
  demo(options: DemoOptions): Promise<number>;
  drill(options: DrillOptions): Promise<number>;
  toolchain(options: ToolchainOptions): Promise<number>;
  doctor(options: DoctorOptions): Promise<number>;
  gc(options: { readonly dryRun: boolean; readonly kept: boolean }): Promise<number>;
  gate(options: GateOptions): Promise<number>;
  list(): Promise<number>;
  verdict(file: string): Promise<number>;
  runbook(options: RunbookOptions): Promise<number>;
}

type GivenDrillOptions = Omit<DrillOptions, 'contracts' | 'subjects' | 'all' | 'posture' | 'keep' | 'json'> & {
  contract?: string[];
  all?: boolean;
  posture?: boolean;
  keep?: boolean;
  json?: boolean;
  subject?: LedgerSubject[];
};

/** For commands that tell or obtain what a run needs. */
const targetOption = (): Option =>
  new Option('--target <name>', 'for runs on this target (default: the one that a run takes)').choices(targetWishes);

const HELP = `
Examples:
  $ npx dr-contracts demo                            see a backup job caught, in about a minute
  $ npx dr-contracts init                            a first contract, and what it needs
  $ npx dr-contracts doctor                          what is here, what is missing, how to fix it
  $ npx dr-contracts drill                           every contract, every disaster
  $ npx dr-contracts drill --contract nats-streams   one promise
  $ npx dr-contracts drill --posture                 what can be checked without a drill, in seconds
  $ npx dr-contracts drill --json > run.json         for a pipeline
  $ npx dr-contracts gate                            may this commit be promoted?
  $ npx dr-contracts verdict reports/latest/run.json judge the records again, without a drill
  $ npx dr-contracts verify --key ledger.pub.pem     whether the ledger of all runs can be believed
  $ npx dr-contracts sign-off --help                 say that you reviewed a run, and accepted or rejected it

Exit codes:
  0  everything is met or at risk (doctor: a drill could start now)
  1  something is breached (also when something else is unproven)
  2  nothing is breached, but something is unproven, was not run although it had to be, or was
     not cleaned up; or the run could not be made or was interrupted; or the runbook no longer
     matches
  64 the command line is wrong, or names something that is not there or is something else
  70 dr-contracts itself failed
The gate has codes of its own: dr-contracts gate --help.

"dr-contracts <command> --help" shows the options of a command.
Contracts are read from contracts/**/*.spec.ts below the current folder, or as dr-contracts.config.ts there says.
A run leaves <out>/latest/report.html, <out>/latest/run.json and <out>/runs/<run>/drills/*.json, and its entries in the ledger <out>/ledger.

Environment:
  DR_CONTRACTS_DEBUG=1    show the stack trace of a failure
  DR_CONTRACTS_CACHE      folder for the programs that were obtained (default: the user's cache folder)
  DR_CONTRACTS_<TOOL>     path of a program to use instead, e.g. DR_CONTRACTS_NATS_SERVER
  DR_CONTRACTS_DISPOSABLE_MACHINE=1  this machine exists for one run: programs need no sandbox
  DR_CONTRACTS_IMAGE_<X>  image of the docker target to use instead: NATS, LOCALSTACK, KIND_NODE, VELERO,
                          VELERO_PLUGIN_FOR_AWS, TOXIPROXY, COREDNS, NATS_BOX
  DR_CONTRACTS_KEPT       another name for the cluster of --keep (default: one for each user)
  DR_CONTRACTS_<X>_WEBHOOK  address to which notify posts: SLACK, MATTERMOST, TEAMS. A secret; with _FILE behind
                          it, the file that holds the address
  DR_CONTRACTS_PULL       missing (default) or never: what to do about an image that is not there
  DR_CONTRACTS_SCRATCH    folder for what a run needs while it goes on
  DR_CONTRACTS_TARGET     under vitest: auto, local or docker
  DR_CONTRACTS_TRIGGER    who or what started the run, for the record
  NO_COLOR                no colours
  CI                      plain lines instead of the live view; contracts that were left out fail the run
                          unless --target is given or the configuration says why (notOn)
`;

/** The command line. Errors of usage are thrown as commander's own, already written to its error output. */
export function createProgram(version: string, commands: Commands, setExitCode: (code: number) => void): Command {
  const program = new Command('dr-contracts')
    .description('Disaster-recovery promises (RTO, RPO) proved by real backups, real destruction and real restores.')
    .version(version)
    // Commander's own code is 1, which here says that something is breached. The commands inherit this.
    .exitOverride((error) => {
      throw error.exitCode === 0 ? error : new CommanderError(USAGE, error.code, error.message);
    })
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'dr-contracts: ')) })
    .showHelpAfterError('Run `dr-contracts --help` to see how it is called.')
    .option('--config <file>', 'a dr-contracts.config.ts elsewhere; paths are read from its folder')
    .hook('preAction', (command, called) => {
      refuseBlanks(command);
      if (called !== command) refuseBlanks(called);
      commands.configure?.(command.opts<{ config?: string }>().config);
    })
    .addHelpText('after', HELP);
  const finish = (work: Promise<number>) => work.then(setExitCode);

  program
    .command('demo')
    .description('drill a backup job that reports success and restores nothing, then the repaired one: about a minute')
    .option('--json', 'print the run record, and nothing else, to stdout')
    .action(({ json = false }: { json?: boolean }) => finish(commands.demo({ json })));
  addInitCommand(program, (options) => finish(commands.init(options)));
  program
    .command('drill')
    .description('run the contracts: seed, back up, destroy, restore, prove, judge')
    .addOption(new Option('--target <name>', 'where the real systems run (default: auto)').choices(targetWishes))
    .option('--contract <name...>', 'only these contracts, by name (default: all that the target can prove)')
    .addOption(
      new Option(
        '--affected [commit]',
        'only contracts whose definition, scripts or manifests changed since a commit (default: the base branch of the pipeline, or HEAD)',
      ).conflicts('contract'),
    )
    .option('--all', 'every contract; one that the target cannot prove ends as unproven')
    .option('--posture', 'only what needs no drill: policies, settings, schedules, backups that are there')
    .option('--keep', 'docker: use the kind cluster that was kept, and keep it (never in CI)')
    .option('--json', 'print the run record, and nothing else, to stdout')
    .option('--out <folder>', 'where records go (default: reports)')
    .option('--jobs <n>', `drills at once (default: ${availableParallelism()})`, wholeNumber(MOST_JOBS))
    .option('--keep-runs <n>', 'runs to keep in <out>/runs (default: 10)', wholeNumber(10_000))
    .option(
      '--subject <name@sha256:digest...>',
      'artefacts that are tested beside the commit, for the ledger',
      addSubject,
    )
    .action((given: GivenDrillOptions) => {
      const {
        contract = [],
        all = false,
        posture = false,
        keep = false,
        json = false,
        subject = [],
        ...options
      } = given;
      const subjects = subject.length === 0 ? {} : { subjects: subject };
      return finish(commands.drill({ ...options, all, posture, keep, json, contracts: contract, ...subjects }));
    });
  addGateCommand(program, (options) => finish(commands.gate(options)));
  addEvidenceCommands(program, commands, finish);
  program
    .command('list')
    .description('list the contracts and their drills')
    .action(() => finish(commands.list()));
  program
    .command('verdict')
    .description('judge a drill record or a run record again')
    .argument('<file>', 'the record')
    .action((file: string) => finish(commands.verdict(file)));
  program
    .command('runbook')
    .description('write the runbook from the contracts and their last passing drills')
    .option('--check', 'write nothing; fail when it no longer matches')
    .option('--file <path>', 'the runbook', 'docs/runbook.md')
    .option('--force', 'replace a file that this command did not write, or that was edited by hand')
    .option('--out <folder>', 'where records are (default: where drills leave them)')
    .action(({ check = false, force = false, file, out }: Partial<RunbookOptions> & Pick<RunbookOptions, 'file'>) =>
      finish(commands.runbook({ check, force, file, out })),
    );
  addReportCommand(program, commands, finish);
  addLedgerCommands(program, commands, finish);
  addReviewCommands(program, commands, finish);
  addToolchainCommand(program, (options) => finish(commands.toolchain(options)));
  program
    .command('doctor')
    .description('list every part, where it came from, what is missing and how to fix it')
    .addOption(targetOption())
    .option('--json', 'as JSON')
    .action(({ json = false, target }: Partial<DoctorOptions>) => finish(commands.doctor({ json, target })));
  program
    .command('gc')
    .description('collect what killed runs left behind: processes, folders, containers, clusters')
    .option('--dry-run', 'only say what would be collected')
    .option('--kept', 'also remove the kind cluster that `drill --keep` left running')
    .action(({ dryRun = false, kept = false }: { dryRun?: boolean; kept?: boolean }) =>
      finish(commands.gc({ dryRun, kept })),
    );
  return program;
}

/** Texts that may be left empty. */
const MAY_BE_BLANK: ReadonlySet<string> = new Set(['comment']);

/** A blank value comes of a variable that is not set. Without this it would name the current folder, or nothing. */
function refuseBlanks(command: Command): void {
  const given: [string, unknown][] = command.options
    .filter((option) => !MAY_BE_BLANK.has(option.attributeName()))
    .map((option) => [`option '${option.flags}'`, command.getOptionValue(option.attributeName())]);
  for (const [index, argument] of command.registeredArguments.entries()) {
    given.push([`argument '${argument.name()}'`, command.processedArgs[index]]);
  }
  for (const [what, value] of given) {
    const texts: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (texts.some((text) => typeof text === 'string' && isBlank(text))) {
      command.error(`error: ${what} is blank. Write a text that is not blank. In a pipeline: is the variable set?`);
    }
  }
}

function wholeNumber(most: number) {
  return (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < 1 || value > most) {
      throw new InvalidArgumentError(`Write a whole number from 1 to ${most}.`);
    }
    return value;
  };
}
