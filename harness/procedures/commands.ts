import { z } from 'zod';
import { environmentAccess } from '../model/access.ts';
import { credentialNames, type Destination } from '../model/backup-store.ts';
import { ExplainedError } from '../model/errors.ts';
import { parsedOptions } from '../model/options-mistake.ts';
import type { Procedure, ProcedureContext } from '../model/procedure.ts';
import { SecretValue } from '../model/secrets.ts';
import { runProcess } from '../procedure-kit/as-process.ts';
import { authorEnvironment, authorVariables, expand, references } from '../procedure-kit/author-environment.ts';
import { destinationOf, pointBefore, requireLeft } from '../procedure-kit/destination.ts';
import { drillVariables } from '../procedure-kit/drill-variables.ts';
import { backupMachine, keepsOption, type Machines, restoreMachine } from '../procedure-kit/machines.ts';
import { lastLines } from '../procedure-kit/observe.ts';
import { madeWithSchedule, scheduleOption } from '../procedure-kit/schedule-option.ts';
import { requireExecutable } from '../process/named-program.ts';
import { platformFolder, platformPath } from '../process/platform-folder.ts';
import { destinationOption, namedStore, observeBackup } from './usual-store.ts';

const ON_COMMAND_LINE = 'must not put a secret on a command line: a program reads it from its environment';

const command = z.array(z.string().min(1)).min(1);

const optionsSchema = z
  .strictObject({
    /** The program that takes one backup, and its arguments, in which `$(NAME)` is the value of a variable. No shell is between. */
    backup: command,
    /** The program that restores the backup `$(RECOVERY_POINT)`, and its arguments. */
    restore: command,
    schedule: scheduleOption,
    /** Key prefix in the backup bucket, e.g. `nats/`. */
    prefix: z.string().regex(/^([^/]+\/)*$/, 'a key prefix that ends in "/", such as nats/'),
    /** The store that the backups go to. */
    destination: destinationOption,
    /** Paths on the machine of the backup that production keeps and the restore finds again; the restore sees nothing else of it. */
    keeps: keepsOption,
    /** Further variables for both; `$(NATS_URL)` and the like are the drill's own. */
    environment: authorEnvironment.default({}),
  })
  .superRefine(({ environment, destination, ...options }, issues) => {
    const secrets = new Set([
      ...credentialNames(destination),
      ...Object.entries(environment).flatMap(([name, value]) => (value instanceof SecretValue ? [name] : [])),
    ]);
    for (const role of ['backup', 'restore'] as const) {
      if (!options[role].flatMap(references).some((name) => secrets.has(name))) continue;
      issues.addIssue({ code: 'custom', path: [role], message: ON_COMMAND_LINE });
    }
  });

export type CommandsOptions = z.input<typeof optionsSchema>;

/**
 * A procedure made of two commands, run from the platform's folder with the variables that `script({ … })` gives, also in their arguments.
 * @throws {ExplainedError} when the options are not valid.
 */
export function commands(options: CommandsOptions): Procedure<'environment'> {
  return madeWithSchedule(commandsOf(options), (schedule) => commands({ ...options, schedule }));
}

function commandsOf(options: CommandsOptions): Procedure<'environment'> {
  const settings = parsedOptions('commands(…)', optionsSchema, options);
  const { backup, restore, schedule, prefix, environment, keeps, destination: store } = settings;
  const run = async (
    words: readonly string[],
    machine: Machines,
    context: ProcedureContext,
    destination: Destination,
    more: readonly (readonly [string, string])[] = [],
  ) => {
    const known = new Map([...drillVariables(context, destination), ...destination.credentials(), ...more]);
    const { secrets } = context.step;
    const variables = new Map([...known, ...authorVariables(environment, known, secrets).values]);
    const [file = '', ...args] = words.map((word) => expand(word, variables));
    // What an asset or a URL brings is only known now.
    if ([file, ...args].some((word) => secrets.foundIn(word))) throw secretOnCommandLine(words);
    const named = file.includes('/') ? platformPath(file) : file;
    const program = {
      name: words.join(' '),
      file: named,
      written: file,
      args,
      cwd: platformFolder(),
      variables,
      machine,
    };
    return await runProcess(program, context);
  };
  return {
    description: `commands \`${backup.join(' ')}\` and \`${restore.join(' ')}\`${namedStore(store)}`,
    protects: [environmentAccess],
    needs: [store.capability],
    schedule,
    differencesFromProduction: () => store.notEvaluated,
    reads: [backup, restore].flatMap(([file = '']) => (isPath(file) ? [file] : [])),

    async check() {
      // A bare name is looked up on PATH, which only the drill knows.
      for (const [file = ''] of [backup, restore]) if (isPath(file)) await requireExecutable(file, 'command');
    },

    backup: async (context) =>
      await observeBackup(
        {
          thing: `backup \`${backup.join(' ')}\``,
          what: 'the command',
          store,
          prefix,
          text: backup.join('\n'),
          keeps,
          run: async (destination) => await run(backup, await backupMachine(keeps, context.step), context, destination),
        },
        context,
      ),

    async restore(recoveryPoint, context) {
      using destination = await destinationOf(store, prefix, context);
      const before = await pointBefore(destination, recoveryPoint, context.step.signal);
      const machine = restoreMachine(keeps, context.step);
      const point = [['RECOVERY_POINT', recoveryPoint.location]] as const;
      const { output, warnings } = await run(restore, machine, context, destination, point);
      await requireLeft(before, context.step.signal);
      return {
        claimed: lastLines(output),
        warnings,
        commands: [`RECOVERY_POINT=${recoveryPoint.location} ${restore.join(' ')}`],
      };
    },
  };
}

const isPath = (file: string): boolean => file.includes('/') && !file.includes('$(');

function secretOnCommandLine(words: readonly string[]): ExplainedError {
  return new ExplainedError({
    thing: `command \`${words.join(' ')}\``,
    expected: 'no secret among its arguments, which every user of the machine can read',
    observed: 'a variable in an argument holds a secret',
    nextStep: 'Let the program read it from its environment.',
  });
}
