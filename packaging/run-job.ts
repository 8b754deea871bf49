import { access, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { parse } from 'yaml';
import { z } from 'zod';

// Executes the `run:` steps of a job of GitHub Actions in a runner's environment. Actions (`uses:`) are not executed: the checkout and the
// programs are there already; for an upload, the files to publish are listed.

const environmentSchema = z.record(z.string(), z.string()).default({});
const stepSchema = z.object({
  id: z.string().optional(),
  name: z.string().optional(),
  run: z.string().optional(),
  uses: z.string().optional(),
  with: z.record(z.string(), z.unknown()).default({}),
  if: z.string().optional(),
  env: environmentSchema,
  'continue-on-error': z.boolean().default(false),
});
const workflowSchema = z.object({
  defaults: z.object({ run: z.object({ shell: z.literal('bash') }) }),
  env: environmentSchema,
  jobs: z.record(
    z.string(),
    z.object({ if: z.string().optional(), env: environmentSchema, steps: z.array(stepSchema) }),
  ),
});
type Step = z.output<typeof stepSchema>;

export interface JobWishes {
  /** The workflow, relative to the checkout's folder. */
  readonly workflow: string;
  readonly job: string;
  readonly checkout: string;
  /** A new folder of this job, for the files that a runner provides. */
  readonly runnerFolder: string;
  /** PATH, HOME, and the variables of the event. */
  readonly environment: Readonly<Record<string, string>>;
}

interface RanStep {
  readonly name: string;
  readonly exitCode: number;
  readonly output: string;
}

export interface RanJob {
  /** Exit code of the step that failed the job; 0 where none did. */
  readonly exitCode: number;
  readonly steps: readonly RanStep[];
  /** Actions that a runner would have run. */
  readonly actions: readonly string[];
  /** Text that the steps wrote to the job summary. */
  readonly summary: string;
  /** Files that the job would publish, relative to the checkout's folder. */
  readonly published: readonly string[];
}

/** https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell */
const BASH = ['--noprofile', '--norc', '-eo', 'pipefail'];
const STEP_MS = 240_000;

/** @throws when the workflow lacks that job, or uses an unsupported feature. */
export async function runJob({ workflow, job: name, checkout, runnerFolder, environment }: JobWishes): Promise<RanJob> {
  const { env, jobs } = workflowSchema.parse(parse(await readFile(join(checkout, workflow), 'utf8')));
  const job = jobs[name];
  if (job === undefined) throw new Error(`${workflow} has no job "${name}"; it has ${Object.keys(jobs).join(', ')}`);
  await mkdir(runnerFolder);
  const summary = join(runnerFolder, 'summary.md');
  const output = join(runnerFolder, 'output');
  const files = { GITHUB_STEP_SUMMARY: summary, GITHUB_OUTPUT: output };
  for (const file of Object.values(files)) await writeFile(file, '');
  const given = { ...environment, ...files, CI: 'true', GITHUB_ACTIONS: 'true', GITHUB_WORKSPACE: checkout };
  const ran: RanStep[] = [];
  const published: string[] = [];
  const ended = new Map<string, EndedStep>();
  const actions: string[] = [];
  let exitCode = 0;
  for (const [index, step] of job.steps.entries()) {
    if (!isDue(step, exitCode, ended)) continue;
    if (step.uses !== undefined) actions.push(step.uses);
    if (step.uses?.startsWith('actions/upload-artifact@')) published.push(...(await filesOf(step, checkout)));
    if (step.run === undefined) continue;
    const script = join(runnerFolder, `step-${index}.sh`);
    await writeFile(script, withoutExpressions(step.run));
    await writeFile(output, '');
    const { exitCode: code = 1, all } = await execa('bash', [...BASH, script], {
      cwd: checkout,
      env: { ...given, ...env, ...job.env, ...step.env },
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
      all: true,
      timeout: STEP_MS,
    });
    ran.push({ name: step.name ?? step.run, exitCode: code, output: all });
    if (step.id !== undefined) {
      const outputs = outputsIn(await readFile(output, 'utf8'));
      ended.set(step.id, { outcome: code === 0 ? 'success' : 'failure', outputs });
    }
    if (code !== 0 && !step['continue-on-error']) exitCode ||= code;
  }
  return { exitCode, steps: ran, actions, summary: await readFile(summary, 'utf8'), published };
}

/** Result of a step with an id, and its outputs. A skipped step has none here. */
interface EndedStep {
  readonly outcome: 'success' | 'failure';
  readonly outputs: ReadonlyMap<string, string>;
}

const CONDITION = /^\$\{\{ !cancelled\(\)(?: && steps\.(\w+)\.outcome == 'success')? \}\}$/;
const OUTPUT = /^\$\{\{ steps\.(\w+)\.outputs\.(\w+) == '(\w+)' \}\}$/;

/** Returns whether a step is due: one whose condition does not mention failures is skipped after one. */
function isDue({ if: condition }: Step, exitCode: number, ended: ReadonlyMap<string, EndedStep>): boolean {
  if (condition === undefined) return exitCode === 0;
  const [, producer = '', output = '', value] = OUTPUT.exec(condition) ?? [];
  if (value !== undefined) return exitCode === 0 && ended.get(producer)?.outputs.get(output) === value;
  const match = CONDITION.exec(condition);
  if (match === null) throw new Error(`this runner does not know the condition "${condition}"`);
  const [, id] = match;
  return id === undefined || ended.get(id)?.outcome === 'success';
}

/** Parses lines of the form `name=value`, the only form in the workflow. */
const outputsIn = (text: string): ReadonlyMap<string, string> =>
  new Map(text.split('\n').flatMap((line) => (line.includes('=') ? [line.split('=', 2) as [string, string]] : [])));

function withoutExpressions(run: string): string {
  if (/\$\{\{/.test(run)) throw new Error(`this runner knows no expressions in "run": ${run}`);
  return run;
}

async function filesOf(step: Step, checkout: string): Promise<readonly string[]> {
  const path = z.string().parse(step.with['path']);
  const isThere = await access(join(checkout, path)).then(
    () => true,
    () => false,
  );
  if (!isThere) return [];
  return (await readdir(join(checkout, path), { recursive: true })).map((file) => join(path, file));
}
