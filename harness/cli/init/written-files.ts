import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { unlessMissing } from '../../reporting/system-error.ts';
import { type Answers, BUDGETS } from './answers.ts';

/** A file that `init` writes, by its path from the project's folder. */
export interface WrittenFile {
  readonly path: string;
  readonly content: string;
  readonly executable?: true;
  readonly is: string;
}

/** The user's own scripts, by path from the project's folder. */
export interface OwnScripts {
  readonly backup: string;
  readonly restore: string;
}

export interface StartOptions {
  readonly answers: Answers;
  readonly ownScripts: OwnScripts | undefined;
  /** In a package of ES modules TypeScript files are modules by themselves; elsewhere their name has to say so. */
  readonly extension: 'ts' | 'mts';
}

/** In somebody's project. They are the reference platform's own, which our contracts drill. */
const STARTER_SCRIPTS: OwnScripts = { backup: 'ops/nats-backup.sh', restore: 'ops/nats-restore.sh' };

/** Everything that a first drill needs: configuration, contract and the scripts that it names; and the policy of a pipeline's gate. */
export async function filesToWrite(options: StartOptions): Promise<readonly WrittenFile[]> {
  const { answers, ownScripts, extension } = options;
  const files: WrittenFile[] = [
    { path: `dr-contracts.config.${extension}`, content: configuration(extension), is: 'the configuration' },
    {
      path: `contracts/${answers.name}.spec.${extension}`,
      content:
        answers.asset === 'nats' ? natsContract(answers, ownScripts ?? STARTER_SCRIPTS) : namespaceContract(answers),
      is: 'a first contract',
    },
  ];
  if (answers.asset === 'nats' && ownScripts === undefined) {
    for (const [path, is] of [
      [STARTER_SCRIPTS.backup, 'a backup script to start from'],
      [STARTER_SCRIPTS.restore, 'a restore script to start from'],
    ] as const) {
      const content = await shipped(path.replace('ops/', 'fixtures/platform/scripts/'));
      files.push({ path, content, executable: true, is });
    }
  }
  if (answers.ci !== 'none') files.push(await policyFile(extension));
  return files;
}

/** The policy of the gate that a pipeline asks. */
export async function policyFile(extension: StartOptions['extension']): Promise<WrittenFile> {
  const content = await shipped('templates/dr-gate.ts.txt');
  return { path: `dr-gate.${extension}`, content, is: 'what the gate of the pipeline lets pass' };
}

/** @param isNew true where nothing was found: a file that came to be since then is not overwritten. */
export async function writeFileOf(
  folder: string,
  { path, content, executable }: WrittenFile,
  isNew: boolean,
): Promise<void> {
  const place = join(folder, path);
  await mkdir(dirname(place), { recursive: true });
  await writeFile(place, content, { flag: isNew ? 'wx' : 'w' });
  if (executable === true) await chmod(place, 0o755);
}

/** A file of this package, by its path in there. */
export const shipped = (path: string): Promise<string> =>
  readFile(new URL(`../../../${path}`, import.meta.url), 'utf8');

/** The text of a file; undefined where there is none. */
export const readIfThere = (path: string): Promise<string | undefined> => unlessMissing(() => readFile(path, 'utf8'));

const configuration = (extension: string): string => `import { defineConfig } from 'dr-contracts';

export default defineConfig({
  contracts: 'contracts/**/*.spec.${extension}',
  out: 'reports',
});
`;

const natsContract = (
  answers: Answers,
  scripts: OwnScripts,
): string => `import { contract, jetstream, script } from 'dr-contracts';

contract({
  name: '${answers.name}',
  // The streams are made and filled by the drill: describe yours, and nothing of production is touched.
  asset: jetstream({
    streams: [
      {
        name: 'orders',
        subjects: ['orders.created', 'orders.paid'],
        messages: 2_000,
        headers: true,
        consumer: { durable: 'billing', acknowledged: 0.5 },
      },
    ],
  }),
${promise(answers)}  // Your own scripts, run as they are.
  protectedBy: script({
    backup: '${scripts.backup}',
    restore: '${scripts.restore}',
    schedule: { cron: '${answers.cron}', timeZone: 'UTC' },
    prefix: 'nats/',
  }),
  survives: ['stream-deleted', 'server-lost'],
${budgets(answers)}});
`;

const namespaceContract = (
  answers: Answers,
): string => `import { contract, kubernetesNamespace, veleroSchedule } from 'dr-contracts';

contract({
  name: '${answers.name}',
  // Made by the drill. With \`manifests: 'folder'\` your own objects are in it too.
  asset: kubernetesNamespace({ secrets: 10, configMaps: 10 }),
${promise(answers)}  protectedBy: veleroSchedule({ cron: '${answers.cron}', timeZone: 'UTC' }),
  survives: ['namespace-deleted'],
${budgets(answers)}});
`;

const promise = ({
  rto,
  rpo,
  priority,
  owner,
}: Answers): string => `  rto: '${rto}', // back within this, detection and decision included
  rpo: '${rpo}', // ${rpo === 'none' ? 'the asset keeps no data' : 'at most this much of acknowledged writes is lost'}
  priority: '${priority}',
  owner: '${owner}',
`;

const budgets = ({ asset }: Answers): string => {
  const { detection, decision } = BUDGETS[asset];
  return `  detection: { failures: ${detection.failures}, every: '${detection.every}' },
  decision: '${decision}',
`;
};
