import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { LedgerSubject } from '../evidence/entry.ts';
import { isBlank } from '../model/text.ts';
import { wrapWords } from '../reporting/text.ts';
import { imageNames } from '../targets/docker/settings.ts';
import { drillsAtOnce } from '../targets/drills-at-once.ts';
import { targetWishes } from '../targets/wishes.ts';
import type { DemoOptions } from './demo/demo-command.ts';
import type { DoctorOptions } from './doctor-command.ts';
import { addEvidenceCommands, type EvidenceCommands } from './exports/evidence-options.ts';
import { addGateCommand, type GateOptions } from './gate/gate-options.ts';
import { addInitCommand, type InitOptions } from './init/init-options.ts';
import { addLedgerCommands, addSubject, type LedgerCommands } from './ledger-options.ts';
import type { DrillOptions } from './make-run.ts';
import type { PlanOptions } from './plan-command.ts';
import { addReportCommand, type ReportCommands } from './report-options.ts';
import { addReviewCommands, type ReviewCommands } from './review/review-options.ts';
import type { RunbookOptions } from './runbook-command.ts';
import type { ToolchainOptions } from './toolchain-command.ts';

const MOST_JOBS = 64;
/** EX_USAGE of sysexits.h. */
const USAGE = 64;

/** Actions of the commands, apart from their calls. Each resolves to its exit code. */
export interface Commands extends LedgerCommands, ReviewCommands, EvidenceCommands, ReportCommands {
  /** Called with the configuration file from the command line, before any of the others. */
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
  plan(options: PlanOptions): Promise<number>;
}

type GivenDrillOptions = Omit<DrillOptions, 'contracts' | 'subjects' | 'all' | 'posture' | 'keep' | 'json'> & {
  contract?: string[];
  all?: boolean;
  posture?: boolean;
  keep?: boolean;
  json?: boolean;
  subject?: LedgerSubject[];
};

type GivenPlanOptions = Partial<Omit<PlanOptions, 'runs'>> & Pick<PlanOptions, 'file'> & { readonly run?: string[] };

/** Returns the option of commands that report or obtain the needs of a run. */
const targetOption = (): Option =>
  new Option('--target <name>', 'for runs on this target (default: the one that a run would use)').choices(
    targetWishes,
  );

/** The names behind `DR_CONTRACTS_IMAGE_`, as many per line as fit. */
const IMAGES = wrapWords(
  imageNames()
    .map((name) => name.toUpperCase().replaceAll('-', '_'))
    .join(', '),
  70,
)
  .split('\n')
  .map((line) => `${' '.repeat(26)}${line}`)
  .join('\n');

const HELP = `
First steps:
  $ npx dr-contracts demo                            see a backup job caught, in about a minute
  $ npx dr-contracts init                            write a first contract and what it needs
  $ npx dr-contracts doctor                          see what is missing and how to get it
  $ npx dr-contracts drill                           drill every contract with every disaster

More:
  $ npx dr-contracts drill --contract nats-streams   drill one promise
  $ npx dr-contracts drill --posture                 check what needs no drill, in seconds
  $ npx dr-contracts drill --json > run.json         print the record, for a pipeline
  $ npx dr-contracts gate                            may this commit be promoted?
  $ npx dr-contracts verify --key ledger.pub.pem     can the ledger be believed?

"dr-contracts <command> --help" shows the options of a command.

Exit codes:
  0   everything is met or at risk (doctor: a drill can start)
  1   something is breached
  2   nothing is breached, but something is unproven, was left out although it had to run, or was
      not cleaned up; or the run failed or was interrupted; or the runbook or the plan no longer matches
  64  the command line is wrong, or names something that is not there
  70  dr-contracts itself failed
The gate has its own: dr-contracts gate --help.

Files:
  Contracts are read from contracts/**/*.spec.{ts,mts} below the current folder, or as dr-contracts.config.ts says.
  A run writes <out>/latest/report.html, <out>/latest/run.json, <out>/runs/<run>/drills/*.json, and its
  entries in the ledger <out>/ledger. <out> is "reports" unless you name another folder.

Environment:
  CI                      plain lines instead of the live view; contracts that were left out fail the run
                          unless --target is given or the configuration says why (notOn)
  NO_COLOR                no colours
  DR_CONTRACTS_CACHE      folder for the programs that were obtained (default: the user's cache folder)
  DR_CONTRACTS_SCRATCH    folder for what a run needs while it goes on
  DR_CONTRACTS_DISPOSABLE_MACHINE=1  this machine exists for one run: programs need no sandbox
  DR_CONTRACTS_TARGET     under vitest: auto, local or docker
  DR_CONTRACTS_TRIGGER    who or what started the run, for the record
  DR_CONTRACTS_<X>_WEBHOOK  address to which notify posts: SLACK, MATTERMOST, TEAMS. A secret; with _FILE behind
                          it, the file that holds the address
  DR_CONTRACTS_<TOOL>     path of a program to use instead, e.g. DR_CONTRACTS_NATS_SERVER
  DR_CONTRACTS_IMAGE_<X>  image of the docker target to use instead:
${IMAGES}
  DR_CONTRACTS_PULL       missing (default) or never: what to do about an image that is not there
  DR_CONTRACTS_KEPT       another name for the cluster of --keep (default: one for each user)
  DR_CONTRACTS_DEBUG=1    show the stack trace of a failure
`;

/** Creates the command line. Usage errors are thrown as commander's own, already written to its error output. */
export function createProgram(version: string, commands: Commands, setExitCode: (code: number) => void): Command {
  const program = new Command('dr-contracts')
    .description(
      'Proves that your backups restore: destroys a real system, restores it with your own scripts, compares every byte, and judges the time and the loss against what you promised (RTO, RPO).',
    )
    .version(version)
    // Commander's own code is 1, which here means that something is breached. The commands inherit this setting.
    .exitOverride((error) => {
      throw error.exitCode === 0 ? error : new CommanderError(USAGE, error.code, error.message);
    })
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'dr-contracts: ')) })
    .showHelpAfterError('Run `dr-contracts --help` to see the commands and their options.')
    .option('--config <file>', 'a dr-contracts.config.ts elsewhere; its paths are relative to its folder')
    .hook('preAction', (command, called) => {
      refuseBlanks(command);
      if (called !== command) refuseBlanks(called);
      commands.configure?.(command.opts<{ config?: string }>().config);
    })
    .addHelpText('after', HELP);
  const finish = (work: Promise<number>) => work.then(setExitCode);

  program.commandsGroup('Drill:');
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
    .option('--posture', 'only checks that need no drill: policies, settings, schedules, existing backups')
    .option('--keep', 'docker: use the kind cluster that was kept, and keep it (never in CI)')
    .option('--json', 'print the run record, and nothing else, to stdout')
    .option('--out <folder>', 'where records go (default: reports)')
    .option(
      '--jobs <n>',
      `drills at once (default: ${drillsAtOnce('local')} on local, ${drillsAtOnce('docker')} on docker)`,
      wholeNumber(MOST_JOBS),
    )
    .option('--keep-runs <n>', 'runs to keep in <out>/runs (default: 10)', wholeNumber(10_000))
    .option(
      '--subject <name@sha256:digest...>',
      'artefacts that this run tests, to be named in the ledger beside the commit',
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
  program
    .command('list')
    .description('list the contracts and their drills')
    .action(() => finish(commands.list()));
  program
    .command('doctor')
    .description('list every part, where it came from, what is missing and how to fix it')
    .addOption(targetOption())
    .option('--json', 'as JSON')
    .action(({ json = false, target }: Partial<DoctorOptions>) => finish(commands.doctor({ json, target })));
  program.commandsGroup('Decide and report:');
  addGateCommand(program, (options) => finish(commands.gate(options)));
  program
    .command('verdict')
    .description('judge a drill record or a run record again')
    .argument('<file>', 'the record')
    .action((file: string) => finish(commands.verdict(file)));
  program
    .command('runbook')
    .description('write the runbook from the contracts and their last passing drills')
    .option('--check', 'write nothing; fail if the runbook no longer matches')
    .option('--file <path>', 'the runbook', 'docs/runbook.md')
    .option('--force', 'replace a file that this command did not write, or that was edited by hand')
    .option('--out <folder>', 'where records are (default: where drills leave them)')
    .action(({ check = false, force = false, file, out }: Partial<RunbookOptions> & Pick<RunbookOptions, 'file'>) =>
      finish(commands.runbook({ check, force, file, out })),
    );
  program
    .command('plan')
    .description('write a page that shows for each line of the plan what held it, when, and on which target')
    .option('--check', 'write nothing; fail if a line is not held or the page no longer matches')
    .option('--file <path>', 'the page', 'docs/platform-plan.md')
    .option('--force', 'replace a file that this command did not write, or that was edited by hand')
    .option('--out <folder>', 'where records are (default: where drills leave them)')
    .option('--run <file...>', 'records of further runs, such as the run.json of another machine')
    .action(({ check = false, force = false, file, out, run }: GivenPlanOptions) =>
      finish(commands.plan({ check, force, file, out, runs: run })),
    );
  addReportCommand(program, commands, finish);
  addEvidenceCommands(program, commands, finish);
  program.commandsGroup('Evidence:');
  addLedgerCommands(program, commands, finish);
  addReviewCommands(program, commands, finish);
  program.commandsGroup('This machine:');
  addToolchainCommand(program, (options) => finish(commands.toolchain(options)));
  program
    .command('gc')
    .description('collect what killed runs left behind: processes, folders, containers, clusters')
    .option('--dry-run', 'only say what would be collected')
    .option('--kept', 'also remove the kind cluster that `drill --keep` left running')
    .action(({ dryRun = false, kept = false }: { dryRun?: boolean; kept?: boolean }) =>
      finish(commands.gc({ dryRun, kept })),
    );
  program.helpCommand('help [command]', 'show the options of a command');
  return program;
}

/** Options whose text may be empty. */
const MAY_BE_BLANK: ReadonlySet<string> = new Set(['comment']);

/** Refuses blank values: they come from a variable that is not set. A blank one would otherwise name the current folder, or nothing. */
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

type Given = Partial<ToolchainOptions>;

const TOOLCHAIN_HELP = `
A pack is one file with the programs in it. On a machine of the same kind (system, processor, C library) and with the same version of
dr-contracts, --from installs it instead of building, without Go and without a network. LocalStack needs the same Python there (3.11 to 3.13).

Examples:
  $ npx dr-contracts toolchain                              what the contracts here need
  $ npx dr-contracts toolchain --pack toolchain.tar.gz      the same, and write it into a file
  $ npx dr-contracts toolchain --from toolchain.tar.gz      install that file on another machine
  $ npx dr-contracts toolchain --key                        the name of what the contracts here need, for a cache
`;

function addToolchainCommand(program: Command, run: (options: ToolchainOptions) => Promise<void>): void {
  program
    .command('toolchain')
    .description('obtain the programs that the contracts here need, and the sandbox; move them to another machine')
    .option('--all', 'every program, whatever the contracts need (default if there are no contracts)')
    .addOption(
      new Option('--target <name>', 'for runs on this target (default: the one that a run would use)')
        .choices(targetWishes)
        .conflicts(['pack', 'from', 'key', 'builders']),
    )
    .addOption(new Option('--pack <file>', 'write the programs into a file, for another machine').conflicts('from'))
    .addOption(
      new Option('--from <file>', 'install the programs from such a file; build and download nothing').conflicts('all'),
    )
    .option(
      '--digest <digest>',
      'with --from: the digest that the file must have, as --pack printed it',
      digestArgument,
    )
    .addOption(
      new Option('--key', 'print the key of a cache that holds these programs, and obtain nothing').conflicts([
        'pack',
        'from',
      ]),
    )
    .addOption(
      new Option(
        '--builders',
        'print whether Go and Python have to be installed first (go=true), and obtain nothing',
      ).conflicts(['pack', 'from', 'key']),
    )
    .addHelpText('after', TOOLCHAIN_HELP)
    .action(async ({ all = false, key = false, ...files }: Given, command: Command) => {
      if (files.digest !== undefined && files.from === undefined) {
        command.error("error: option '--digest <digest>' needs '--from <file>'");
      }
      await run({ all, key, ...files });
    });
}

function digestArgument(text: string): string {
  if (!/^sha256:[0-9a-f]{64}$/.test(text)) throw new InvalidArgumentError('Write sha256: and 64 hexadecimal digits.');
  return text;
}
