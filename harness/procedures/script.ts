import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { basename, delimiter, join, resolve } from 'node:path';
import { ExplainedError } from '../model/errors.ts';
import type { Procedure, ProcedureContext, RecoveryPoint } from '../model/procedure.ts';
import { performing } from '../model/recovery-step.ts';
import type { ToolName, toolNames } from '../model/tools.ts';
import { redact, runCommand } from '../process/run.ts';
import type { Destination } from './script-destination.ts';
import { parseScriptOptions, type ScriptOptions } from './script-options.ts';
import { variablesOfScript } from './script-variables.ts';

/** What a script finds on its PATH, besides the system's own programs. */
const SCRIPT_TOOLS = ['nats', 'aws', 'kubectl', 'velero'] as const satisfies readonly ToolName[];
const CLAIMED_LINES = 5;

/**
 * A procedure made of two executables of the platform, run as processes with the environment that its CronJob gives
 * them: the asset's variables, `AWS_*`, `BACKUP_BUCKET`, `BACKUP_PREFIX`, `WORK_DIR`, and `RECOVERY_POINT` for a restore.
 * @throws {ExplainedError} when the options are not valid.
 */
export function script(options: ScriptOptions): Procedure {
  const settings = parseScriptOptions(options);
  const { backup, restore, schedule, prefix, environment } = settings;
  return {
    description: `scripts ${backup} and ${restore}`,
    needs: ['s3'],
    schedule,

    async backup(context): Promise<RecoveryPoint> {
      const { target, drillId, step } = context;
      const { clock, signal } = step;
      const { arrivalOf, Destination } = await loadDestination();
      using destination = new Destination(target.s3, `${prefix}${drillId}/`);
      const before = await destination.list(signal);
      const captureBegan = clock.now();
      const claimed = lastLines(await runScript(backup, 'backup', context, destination, environment));
      const arrival = arrivalOf(before, await destination.list(signal), target.s3.backupBucket);
      const durable = clock.now();
      if (arrival === undefined) {
        throw new ExplainedError({
          thing: `backup ${backup}`,
          expected: `a new object under ${destination.url}`,
          observed: `the script exited 0 and left nothing there${claimed === '' ? '' : `; it said: ${claimed}`}`,
          nextStep: 'Run it by hand and look at what it uploads, and at its credentials.',
        });
      }
      const protection = await destination.protection(arrival.keys, signal);
      const { objects, sizeBytes, digest, location } = arrival;
      return {
        id: location,
        location,
        captureBegan,
        durable,
        objects,
        sizeBytes,
        digest,
        ...protection,
        claimed,
      };
    },

    async restore(recoveryPoint, context) {
      const { Destination } = await loadDestination();
      using destination = new Destination(context.target.s3, `${prefix}${context.drillId}/`);
      const variables = { ...environment, RECOVERY_POINT: recoveryPoint.location };
      const output = await runScript(restore, 'restore', context, destination, variables);
      const warnings = output.split('\n').filter((line) => /\bwarn/i.test(line));
      return {
        claimed: lastLines(output),
        warnings,
        commands: [`RECOVERY_POINT=${recoveryPoint.location} ${restore}`],
      };
    },
  };
}

/** The S3 client is loaded when the first backup is taken, before it is timed: listing contracts does without. */
const loadDestination = () => import('./script-destination.ts');

/** Runs a script to its end and returns what it wrote, secrets left out. */
async function runScript(
  path: string,
  role: 'backup' | 'restore',
  context: ProcedureContext,
  destination: Destination,
  variables: Readonly<Record<string, string>>,
): Promise<string> {
  const { target, step } = context;
  const file = resolve(path);
  await requireExecutable(file, path, role);
  const workDir = await mkdtemp(join(step.scratchDir, `${role}-`));
  try {
    const { s3 } = target;
    const secrets = [s3.secretAccessKey, ...secretsOf({ ...context.environment, ...variables })];
    const env = {
      ...context.environment,
      AWS_ENDPOINT_URL: s3.endpoint,
      AWS_REGION: s3.region,
      AWS_DEFAULT_REGION: s3.region,
      AWS_ACCESS_KEY_ID: s3.accessKeyId,
      AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
      BACKUP_BUCKET: s3.backupBucket,
      BACKUP_PREFIX: destination.prefix,
      WORK_DIR: workDir,
      // A home of its own: what the user of this machine has configured for these programs must not reach them.
      HOME: workDir,
      PATH: [await toolFolder(context, workDir), process.env['PATH'] ?? ''].join(delimiter),
      ...variables,
    };
    const run = () => runCommand({ name: `${role} ${path}`, file, args: [], cwd: workDir, secrets, env }, step.signal);
    const described = {
      what: 'Restore from the backup',
      command: path,
      variables: await variablesOfScript(file, env, context.meanings),
      ifItFails: 'Its last lines name what it could not do.',
    };
    const { stdout, stderr } = role === 'restore' ? await performing(step, described, run) : await run();
    return redact(`${stdout}\n${stderr}`, secrets);
  } finally {
    await rm(workDir, { recursive: true, force: true });
  }
}

export async function toolFolder({ target }: ProcedureContext, workDir: string): Promise<string> {
  const folder = join(workDir, `.tools-${randomUUID()}`);
  await mkdir(folder);
  for (const tool of SCRIPT_TOOLS) {
    const path = optionalTool(target, tool);
    if (path !== undefined) await symlink(path, join(folder, tool));
  }
  return folder;
}

/** A target without Kubernetes has no `velero`; a script that needs it will say so itself. */
function optionalTool(target: ProcedureContext['target'], tool: (typeof toolNames)[number]): string | undefined {
  try {
    return target.tool(tool);
  } catch (error) {
    if (error instanceof ExplainedError) return undefined;
    throw error;
  }
}

export function secretsOf(variables: Readonly<Record<string, string>>): string[] {
  return Object.entries(variables)
    .filter(([name]) => /SECRET|PASSWORD|TOKEN|CREDENTIAL|PRIVATE/i.test(name))
    .map(([, value]) => value);
}

export function lastLines(output: string): string {
  return output
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-CLAIMED_LINES)
    .join('\n');
}

export async function requireExecutable(file: string, path: string, role: string): Promise<void> {
  try {
    await access(file, constants.X_OK);
  } catch (error) {
    throw new ExplainedError(
      {
        thing: `${role} script ${path}`,
        expected: 'an executable file',
        observed:
          error instanceof Error && 'code' in error && error.code === 'EACCES'
            ? 'it is not executable'
            : 'there is none',
        nextStep: `Correct the path in the contract, or: chmod +x ${basename(path)}`,
      },
      { cause: error },
    );
  }
}
