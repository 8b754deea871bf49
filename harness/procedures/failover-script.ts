import { mkdtemp, rm } from 'node:fs/promises';
import { delimiter, dirname, join, resolve } from 'node:path';
import type { ProcedureContext } from '../model/procedure.ts';
import { performing } from '../model/recovery-step.ts';
import { redact, runCommand } from '../process/run.ts';
import type { FailoverSettings, FailoverStep } from './failover-options.ts';
import { lastLines, requireExecutable, secretsOf, toolFolder } from './script.ts';
import { variablesOfScript } from './script-variables.ts';

const INSTRUCTIONS: Readonly<Record<FailoverStep, string>> = {
  mirror: 'Mirror the streams in the standby region',
  detect: 'See whether the primary region is lost',
  decide: 'Decide that the standby region takes over, and write it down',
  promote: 'Promote the mirrors of the standby region',
  redirect: 'Lead users to the standby region',
  start: 'Before the servers of the lost region start: see who is in charge',
  rejoin: 'Make the region that came back a mirror of the one in charge',
  failBack: 'Put it in charge again',
};

export interface ScriptRun {
  readonly claimed: string;
  readonly command: string;
}

/** Runs one of the platform's scripts to its end, secrets left out of what it said. */
export async function runFailoverScript(
  which: FailoverStep,
  settings: FailoverSettings,
  context: ProcedureContext,
): Promise<ScriptRun> {
  const { target, step, environment, meanings } = context;
  const path = settings[which];
  const file = resolve(path);
  await requireExecutable(file, path, which);
  const workDir = await mkdtemp(join(step.scratchDir, `${which}-`));
  try {
    const { s3 } = target;
    const secrets = [s3.secretAccessKey, ...secretsOf({ ...environment, ...settings.environment })];
    const env = {
      ...environment,
      AWS_ENDPOINT_URL: s3.endpoint,
      AWS_REGION: s3.region,
      AWS_DEFAULT_REGION: s3.region,
      AWS_ACCESS_KEY_ID: s3.accessKeyId,
      AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
      WORK_DIR: workDir,
      // A home of its own: what the user of this machine has configured for these programs must not reach them.
      HOME: workDir,
      // Scripts of Node run with the very Node that the harness runs with: another may lie first on PATH.
      PATH: [await toolFolder(context, workDir), dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter),
      ...settings.environment,
    };
    const described = {
      what: INSTRUCTIONS[which],
      command: path,
      variables: await variablesOfScript(file, env, meanings),
      ifItFails: 'Its last line names what it could not do; it may be run again.',
    };
    const { stdout, stderr } = await performing(step, described, () =>
      runCommand({ name: `${which} ${path}`, file, args: [], cwd: workDir, secrets, env }, step.signal),
    );
    const set = Object.entries(settings.environment).map(([name, value]) => `${name}=${value} `);
    return { claimed: lastLines(redact(`${stdout}\n${stderr}`, secrets)), command: `${set.join('')}${path}` };
  } finally {
    await rm(workDir, { recursive: true, force: true });
  }
}
