import { readFile } from 'node:fs/promises';
import { environmentAccess } from '../model/access.ts';
import type { Procedure, ProcedureContext } from '../model/procedure.ts';
import { performing } from '../model/recovery-step.ts';
import { requireExecutable } from '../process/named-program.ts';
import { platformPath } from '../process/platform-folder.ts';
import { runProcess } from './as-process.ts';
import { type AuthorEnvironment, type AuthorVariables, authorVariables } from './author-environment.ts';
import { drillCredentials, drillVariables } from './drill-variables.ts';
import { lastLines, observeBackup, warningsIn } from './observe.ts';
import { Destination } from './script-destination.ts';
import { parseScriptOptions, type ScriptOptions } from './script-options.ts';
import { variablesOfScript } from './script-variables.ts';

/**
 * A procedure made of two executables of the platform, run as processes with the environment that its CronJob gives
 * them: the asset's variables, `AWS_*`, `BACKUP_BUCKET`, `BACKUP_PREFIX`, `WORK_DIR`, and `RECOVERY_POINT` for a restore.
 * @throws {ExplainedError} when the options are not valid.
 */
export function script(options: ScriptOptions): Procedure<'environment'> {
  const settings = parseScriptOptions(options);
  const { backup, restore, schedule, prefix, environment } = settings;
  return {
    description: `scripts ${backup} and ${restore}`,
    protects: [environmentAccess],
    needs: ['s3'],
    schedule,

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
          prefix,
          text: await readFile(file, 'utf8'),
          run: (destination) => runScript(backup, 'backup', context, destination, given(environment, context)),
        },
        context,
      );
    },

    async restore(recoveryPoint, context) {
      using destination = new Destination(context.target.s3, `${prefix}${context.drillId}/`);
      const drills = { RECOVERY_POINT: recoveryPoint.location };
      const output = await runScript(restore, 'restore', context, destination, given(environment, context), drills);
      return {
        claimed: lastLines(output),
        warnings: warningsIn(output),
        commands: [`RECOVERY_POINT=${recoveryPoint.location} ${restore}`],
      };
    },
  };
}

/** Their values are given as they are written: `$(NAME)` is no reference here. */
const given = (environment: AuthorEnvironment, { step }: ProcedureContext): AuthorVariables =>
  authorVariables(environment, new Map(), step.secrets);

/** Runs a script to its end and returns what it wrote, secrets left out. */
export async function runScript(
  path: string,
  role: 'backup' | 'restore',
  context: ProcedureContext,
  destination: Destination,
  author: AuthorVariables,
  drills: Readonly<Record<string, string>> = {},
): Promise<string> {
  const file = platformPath(path);
  await requireExecutable(path, `${role} script`);
  const variablesOfRun = new Map([
    ...drillVariables(context, destination),
    ...drillCredentials(context.target.s3),
    ...author.values,
    ...Object.entries(drills),
  ]);
  const run = async () =>
    await runProcess({ name: `${role} ${path}`, file, args: [], variables: variablesOfRun }, context);
  if (role === 'backup') return await run();
  const variables = { ...Object.fromEntries(variablesOfRun), WORK_DIR: context.step.scratchDir };
  const described = {
    what: 'Restore from the backup',
    command: path,
    variables: await variablesOfScript(file, variables, context.meanings, author),
    ifItFails: 'Its last lines name what it could not do.',
  };
  return await performing(context.step, described, run);
}
