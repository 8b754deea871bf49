import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { afterwards } from '../base/afterwards.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BIN = join(ROOT, 'bin', 'dr-contracts.mjs');
const PAGE = join(ROOT, 'docs', 'bring-your-own.md');

const runSchema = z.object({
  drills: z.array(z.object({ judgement: z.object({ verdict: z.string(), sentence: z.string() }) })),
});

/** The blocks of the complete example that name their file, by that name. */
async function filesOfTheExample(): Promise<ReadonlyMap<string, string>> {
  const page = await readFile(PAGE, 'utf8');
  const [, section = ''] = page.split('## A complete example');
  const [example = ''] = section.split('### A namespace with Velero');
  const files = new Map<string, string>();
  for (const [, text = ''] of example.matchAll(/```\w+\n([\s\S]*?)```/g)) {
    const name = /^(?:#!.*\n)?(?:#|\/\/) ([\w./-]+)\n/.exec(text)?.[1];
    if (name !== undefined) files.set(name, text);
  }
  return files;
}

test('E18: the complete example of docs/bring-your-own.md, copied as it is written, is met', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dr-bring-your-own-'));
  await using _removal = afterwards(() => rm(folder, { recursive: true, force: true }));
  const files = await filesOfTheExample();
  for (const [name, text] of files) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  const project = join(folder, 'project');
  expect([...files.keys()].toSorted()).toEqual([
    'infrastructure/backup/backup.sh',
    'infrastructure/backup/cronjob.yaml',
    'infrastructure/backup/kustomization.yaml',
    'infrastructure/ops/restore.sh',
    'project/dr-contracts.config.ts',
    'project/dr/payments.spec.ts',
  ]);
  // What the page says beside its blocks.
  await chmod(join(project, '../infrastructure/ops/restore.sh'), 0o755);
  await writeFile(join(project, 'package.json'), '{ "type": "module" }');
  await mkdir(join(project, 'node_modules'));
  await symlink(ROOT, join(project, 'node_modules', 'dr-contracts'));

  const { stdout, stderr, exitCode } = await execa(process.execPath, [BIN, 'drill', '--target', 'local', '--json'], {
    cwd: project,
    reject: false,
    stdin: 'ignore',
    env: { VITEST: '', CI: '' },
  });
  expect(exitCode, stderr).toBe(0);
  const { drills } = runSchema.parse(JSON.parse(stdout));
  expect(drills.map(({ judgement }) => judgement.verdict)).toEqual(['met', 'met']);
});
