import { readFile } from 'node:fs/promises';
import { environmentAccess } from '../model/access.ts';
import type { BackupStore, Destination } from '../model/backup-store.ts';
import type { Procedure, ProcedureContext } from '../model/procedure.ts';
import { performing } from '../model/step.ts';
import { runProcess } from '../procedure-kit/as-process.ts';
import { type AuthorEnvironment, type AuthorVariables, authorVariables } from '../procedure-kit/author-environment.ts';
import { destinationOf, pointBefore, requireLeft } from '../procedure-kit/destination.ts';
import { drillVariables } from '../procedure-kit/drill-variables.ts';
import { backupMachine, type Machines, restoreMachine } from '../procedure-kit/machines.ts';
import { lastLines } from '../procedure-kit/observe.ts';
import { madeWithSchedule } from '../procedure-kit/schedule-option.ts';
import { variablesOfScript } from '../procedure-kit/script-variables.ts';
import { requireExecutable } from '../process/named-program.ts';
import { platformPath } from '../process/platform-folder.ts';
import type { ProgramRun } from '../process/program.ts';
import type { Mount } from '../process/sandbox/arguments.ts';
import { WORK } from '../process/sandbox/machine.ts';
import { parseScriptOptions, type ScriptOptions } from './script-options.ts';
import { namedStore, observeBackup } from './usual-store.ts';

/**
 * A procedure made of two executables of the platform, run as processes with the environment that its CronJob gives
 * them: the asset's variables, those of the store (`AWS_*` of S3), `BACKUP_BUCKET`, `BACKUP_PREFIX`, `WORK_DIR`, and `RECOVERY_POINT` for a restore.
 * @throws {ExplainedError} when the options are not valid.
 */
export function script(options: ScriptOptions): Procedure<'environment'> {
  return madeWithSchedule(scriptOf(options), (schedule) => script({ ...options, schedule }));
}

function scriptOf(options: ScriptOptions): Procedure<'environment'> {
  const settings = parseScriptOptions(options);
  const { backup, restore, schedule, prefix, environment, keeps, destination: store } = settings;
  return {
    description: `scripts ${backup} and ${restore}${namedStore(store)}`,
    protects: [environmentAccess],
    needs: [store.capability],
    schedule,
    reads: [backup, restore],
    differencesFromProduction: () => store.notEvaluated,

    async check() {
      await requireExecutable(backup, 'backup script');
      await requireExecutable(restore, 'restore script');
    },

    async backup(context) {
      const file = platformPath(backup);
      await requireExecutable(backup, 'backup script');
      return await observeBackup(
        {
          thing: `backup ${backup}`,
          what: 'the script',
          store,
          prefix,
          text: await readFile(file, 'utf8'),
          keeps,
          run: async (destination) =>
            await runScript(
              { path: backup, role: 'backup', machine: await backupMachine(keeps, context.step) },
              context,
              { store, destination },
              given(environment, context),
            ),
        },
        context,
      );
    },

    async restore(recoveryPoint, context) {
      using destination = await destinationOf(store, prefix, context);
      const before = await pointBefore(destination, recoveryPoint, context.step.signal);
      const drills = { RECOVERY_POINT: recoveryPoint.location };
      const { output, warnings } = await runScript(
        { path: restore, role: 'restore', machine: restoreMachine(keeps, context.step) },
        context,
        { store, destination },
        given(environment, context),
        drills,
      );
      await requireLeft(before, context.step.signal);
      return {
        claimed: lastLines(output),
        warnings,
        commands: [`RECOVERY_POINT=${recoveryPoint.location} ${restore}`],
      };
    },
  };
}

/** Their values are given as they are written: `$(NAME)` is no reference here. */
const given = (environment: AuthorEnvironment, { step }: ProcedureContext): AuthorVariables =>
  authorVariables(environment, new Map(), step.secrets);

/** Where a drill's backups go, and in which store that is. */
export interface PlaceOfBackups {
  readonly store: BackupStore;
  readonly destination: Destination;
}

/** A script of the platform, and the machine on which it runs. */
export interface ScriptOfDrill {
  /** As the contract names it. */
  readonly path: string;
  readonly role: 'backup' | 'restore';
  readonly machine: Machines;
  /** What else it is given at a place of its own. */
  readonly mounts?: readonly Mount[];
}

/** Runs a script to its end, secrets left out of what it wrote. */
export async function runScript(
  { path, role, machine, mounts = [] }: ScriptOfDrill,
  context: ProcedureContext,
  { store, destination }: PlaceOfBackups,
  author: AuthorVariables,
  drills: Readonly<Record<string, string>> = {},
): Promise<ProgramRun> {
  const file = platformPath(path);
  await requireExecutable(path, `${role} script`);
  const variablesOfRun = new Map([
    ...drillVariables(context, destination),
    ...destination.credentials(),
    ...author.values,
    ...Object.entries(drills),
  ]);
  const run = async () =>
    await runProcess(
      { name: `${role} ${path}`, file, written: path, args: [], variables: variablesOfRun, machine, mounts },
      context,
    );
  if (role === 'backup') return await run();
  const variables = { ...Object.fromEntries(variablesOfRun), WORK_DIR: WORK };
  const described = {
    what: 'Restore from the backup',
    command: path,
    variables: await variablesOfScript(file, variables, store, context.meanings, author),
    ifItFails: 'Its last lines name what it could not do.',
  };
  return await performing(context.step, described, run);
}
