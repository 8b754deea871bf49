import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { OwnScripts } from '../../registered/first-contract.ts';
import { unlessMissing } from '../../reporting/system-error.ts';
import { type Answers, firstContractOf } from './answers.ts';

/** A file that `init` writes, by its path relative to the project's folder. */
export interface WrittenFile {
  readonly path: string;
  readonly content: string;
  readonly executable?: true;
  readonly is: string;
}

export interface StartOptions {
  readonly answers: Answers;
  readonly ownScripts: OwnScripts | undefined;
  /** In a package of ES modules, TypeScript files are modules by themselves; elsewhere their extension has to say so. */
  readonly extension: 'ts' | 'mts';
}

/** Returns all files that a first drill needs: the configuration, the contract and its scripts; and the policy of a pipeline's gate. */
export async function filesToWrite(options: StartOptions): Promise<readonly WrittenFile[]> {
  const { answers, ownScripts, extension } = options;
  const { scripts } = firstContractOf(answers.asset);
  const files: WrittenFile[] = [
    { path: `dr-contracts.config.${extension}`, content: configuration(extension), is: 'the configuration' },
    {
      path: `contracts/${answers.name}.spec.${extension}`,
      content: contractText(answers, ownScripts),
      is: 'a first contract',
    },
  ];
  if (scripts !== undefined && ownScripts === undefined) {
    for (const [path, is] of [
      [scripts.backup, 'a backup script to start from'],
      [scripts.restore, 'a restore script to start from'],
    ] as const) {
      const content = await shipped(path.replace('ops/', 'fixtures/platform/scripts/'));
      files.push({ path, content, executable: true, is });
    }
  }
  if (answers.ci !== 'none') files.push(await policyFile(extension));
  return files;
}

/** Returns the policy of the gate that a pipeline queries. */
export async function policyFile(extension: StartOptions['extension']): Promise<WrittenFile> {
  const content = await shipped('templates/dr-gate.ts.txt');
  return { path: `dr-gate.${extension}`, content, is: 'what the gate of the pipeline lets pass' };
}

/** @param isNew true where no file was found: one that appeared since then is not overwritten. */
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

/** Reads a file of this package, by its path in it. */
export const shipped = (path: string): Promise<string> =>
  readFile(new URL(`../../../${path}`, import.meta.url), 'utf8');

/** Reads the text of a file; undefined where there is none. */
export const readIfThere = (path: string): Promise<string | undefined> => unlessMissing(() => readFile(path, 'utf8'));

const configuration = (extension: string): string => `import { defineConfig } from 'dr-contracts';

export default defineConfig({
  contracts: 'contracts/**/*.spec.${extension}',
  out: 'reports',
});
`;

function contractText(
  { asset, name, rto, rpo, priority, owner, cron }: Answers,
  ownScripts: OwnScripts | undefined,
): string {
  const first = firstContractOf(asset);
  const { detection, decision } = first;
  return `import { ${['contract', ...first.imports].join(', ')} } from 'dr-contracts';

contract({
  name: '${name}',
${first.asset}  rto: '${rto}', // back within this, detection and decision included
  rpo: '${rpo}', // ${rpo === 'none' ? 'the asset keeps no data' : 'at most this much of acknowledged writes is lost'}
  priority: '${priority}',
  owner: '${owner}',
${first.protectedBy(cron, ownScripts)}  survives: [${first.survives.map((disaster) => `'${disaster}'`).join(', ')}],
  detection: { failures: ${detection.failures}, every: '${detection.every}' },
  decision: '${decision}',
});
`;
}
