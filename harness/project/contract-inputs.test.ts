import { chmod, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ContractInput, contractInputsIn, type NamedInputs } from './contract-inputs.ts';

let folder = '';
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'dr-contracts-inputs-')));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}

async function inputs(promise: Partial<NamedInputs> = {}, platform = '.'): Promise<readonly ContractInput[]> {
  const folders = { folder, platformDir: join(folder, platform), outDir: join(folder, 'reports') };
  return await contractInputsIn(folders)({
    name: 'orders',
    sourceFile: 'contracts/orders.spec.ts',
    reads: [],
    ...promise,
  });
}
const paths = async (...given: Parameters<typeof inputs>) => (await inputs(...given)).map(({ path }) => path);

describe('the inputs of a contract', () => {
  it('are the contract file, what it imports, and the paths that it names, sorted by path', async () => {
    await write({
      'contracts/orders.spec.ts': `import { streams } from './parts/streams.ts'; // don't
        contract({ protectedBy: script({ backup: 'ops/backup.sh', restore: "ops/restore.sh" }) });`,
      'contracts/parts/streams.ts': `import './deep'; export const data = new URL('./seed.json', import.meta.url);`,
      'contracts/parts/deep.ts': '',
      'contracts/parts/seed.json': '{}',
      'contracts/other.spec.ts': '',
      'ops/backup.sh': '#!/bin/sh',
      'ops/restore.sh': '#!/bin/sh',
      'ops/unrelated.sh': '#!/bin/sh',
    });
    expect(await paths()).toEqual([
      'contracts/orders.spec.ts',
      'contracts/parts/deep.ts',
      'contracts/parts/seed.json',
      'contracts/parts/streams.ts',
      'ops/backup.sh',
      'ops/restore.sh',
    ]);
  });

  it('include what a script loads, whatever stands before its name', async () => {
    await write({
      'contracts/orders.spec.ts': '',
      'ops/backup.sh': '. "$(dirname "$0")/lib/common.sh"\nsource ./more.sh\nexec python3 "$HERE/dump.py"',
      'ops/lib/common.sh': 'node ops/tool.mjs',
      'ops/more.sh': '',
      'ops/dump.py': '',
      'ops/tool.mjs': '',
      'ops/unrelated.sh': '',
    });
    expect(await paths({ reads: ['ops/backup.sh'] })).toEqual([
      'contracts/orders.spec.ts',
      'ops/backup.sh',
      'ops/dump.py',
      'ops/lib/common.sh',
      'ops/more.sh',
      'ops/tool.mjs',
    ]);
  });

  it('include of a kustomization what it names, also outside of its folder, and nothing else in it', async () => {
    await write({
      'contracts/orders.spec.ts': `const manifests = 'deploy/overlay';`,
      'infra/deploy/overlay/kustomization.yaml':
        'resources: [../base, job.yaml]\nconfigMapGenerator: [{ name: x, files: [run.sh=scripts/backup.sh] }]\npatches: [{ path: patch.yaml }]',
      'infra/deploy/overlay/job.yaml': 'see: infra/deploy/base/unused.yaml',
      'infra/deploy/overlay/patch.yaml': '',
      'infra/deploy/overlay/notes.md': '',
      'infra/deploy/overlay/scripts/backup.sh': '',
      'infra/deploy/base/kustomization.yaml': 'resources: [a.yaml]',
      'infra/deploy/base/a.yaml': '',
      'infra/deploy/base/unused.yaml': '',
    });
    expect(await paths({}, 'infra')).toEqual([
      'contracts/orders.spec.ts',
      'infra/deploy/base/a.yaml',
      'infra/deploy/base/kustomization.yaml',
      'infra/deploy/overlay/job.yaml',
      'infra/deploy/overlay/kustomization.yaml',
      'infra/deploy/overlay/patch.yaml',
      'infra/deploy/overlay/scripts/backup.sh',
    ]);
  });

  it('include every file of a folder without a kustomization, and of any folder where whole folders count', async () => {
    await write({
      'contracts/orders.spec.ts': '',
      'image/Dockerfile': 'FROM x',
      'image/deep/tool.bin': '\0',
      'image/node_modules/x.js': '',
      'k/kustomization.yaml': 'resources: []',
      'k/left-out.yaml': '',
    });
    await symlink('..', join(folder, 'image/deep/loop'));
    expect(await paths({ reads: ['image'] })).toEqual([
      'contracts/orders.spec.ts',
      'image/Dockerfile',
      'image/deep/tool.bin',
    ]);
    expect(await paths({ reads: ['k'], wholeFolders: true })).toContain('k/left-out.yaml');
    expect(await paths({ reads: ['k'] })).not.toContain('k/left-out.yaml');
  });

  it('include what a script reads by a pattern, and the modules that Python finds beside a script', async () => {
    await write({
      'contracts/orders.spec.ts': '',
      'ops/apply.sh':
        '#!/bin/sh\nfor each in "$HERE"/manifests/*.yaml; do kubectl apply -f "$each"; done\npython3 dump.py',
      'ops/manifests/one.yaml': '',
      'ops/manifests/two.yaml': '',
      'ops/dump.py': 'import os, names\nfrom store.s3 import upload\n',
      'ops/names.py': '',
      'ops/unrelated.py': '',
      'ops/store/__init__.py': '',
      'ops/store/s3.py': '',
    });
    expect(await paths({ reads: ['ops/apply.sh'] })).toEqual([
      'contracts/orders.spec.ts',
      'ops/apply.sh',
      'ops/dump.py',
      'ops/manifests/one.yaml',
      'ops/manifests/two.yaml',
      'ops/names.py',
      'ops/store/__init__.py',
      'ops/store/s3.py',
    ]);
  });

  it('are not the whole platform because a text outside of it has a slash', async () => {
    await write({
      'contracts/orders.spec.ts': `'tools/run.sh'`,
      'tools/run.sh': 'echo / ; ls //',
      'infra/secret.yaml': '',
    });
    const found = (await inputs({}, 'infra')).map(({ path }) => path);
    expect(found).toEqual(['contracts/orders.spec.ts', 'tools/run.sh']);
  });

  it('change their digest when a script may no longer be executed', async () => {
    await write({ 'contracts/orders.spec.ts': '', 'ops/backup.sh': '#!/bin/sh\n', 'ops/data.txt': 'x' });
    const digests = async () =>
      (await inputs({ reads: ['ops/backup.sh', 'ops/data.txt'] })).map(({ digest }) => digest);
    await chmod(join(folder, 'ops/backup.sh'), 0o755);
    await chmod(join(folder, 'ops/data.txt'), 0o755);
    const [, script, data] = await digests();
    await chmod(join(folder, 'ops/backup.sh'), 0o644);
    await chmod(join(folder, 'ops/data.txt'), 0o644);
    const [, after, same] = await digests();
    expect(after).not.toBe(script);
    expect(same).toBe(data);
  });

  it('change their digest with their bytes, and only then', async () => {
    await write({ 'contracts/orders.spec.ts': '', 'ops/backup.sh': 'one' });
    const digest = async () =>
      (await inputs({ reads: ['ops/backup.sh'] })).find(({ path }) => path === 'ops/backup.sh')?.digest;
    const before = await digest();
    expect(before).toMatch(/^sha256:[0-9a-f]{64}$/);
    await write({ 'ops/backup.sh': 'one' });
    expect(await digest()).toBe(before);
    await write({ 'ops/backup.sh': 'two' });
    expect(await digest()).not.toBe(before);
  });

  it('never include records, packages, the folder of the text itself, or what lies outside of the project', async () => {
    await write({
      'contracts/orders.spec.ts': `'reports/latest/run.json'; 'node_modules/x/y.js'; 'contracts/'; './'; '../'; '/etc/hostname';`,
      'reports/latest/run.json': '{}',
      'node_modules/x/y.js': '',
      'contracts/other.spec.ts': '',
    });
    expect(await paths()).toEqual(['contracts/orders.spec.ts']);
  });

  it('name the contract and the path where a named file does not exist', async () => {
    await write({ 'contracts/orders.spec.ts': '' });
    await expect(inputs({ reads: ['ops/gone.sh'] })).rejects.toThrow(
      /contract "orders": expected ops\/gone\.sh to be a file/,
    );
  });
});
