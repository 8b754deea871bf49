import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { commandLinesOf, Page } from './document-blocks.ts';
import { QUIET, searchPath } from './packed.ts';
import { rootFolder } from './places.ts';
import { VITE, VITEST } from './stranger.ts';

// Runs the commands that README.md, docs/bring-your-own.md and docs/extend.md tell a stranger to type, from their own text, in projects
// that have installed the packed file.

const runSchema = z.object({
  drills: z.array(
    z.object({
      contract: z.object({ name: z.string() }),
      disaster: z.object({ name: z.string() }),
      judgement: z.object({ verdict: z.string(), sentence: z.string() }),
    }),
  ),
});

const { tarball } = inject('packed');
let home: string;

/** Simulates a machine without Docker: the pages promise the same with and without it. */
const environment = {
  PATH: [dirname(process.execPath), ...searchPath].join(delimiter),
  DOCKER_HOST: 'unix:///nowhere/docker.sock',
  NO_COLOR: '1',
  CI: '',
  VITEST: '',
};

/** Types a line into a shell, and requires exit code 0. */
async function type(line: string, cwd: string): Promise<string> {
  const { exitCode, all } = await execa('sh', ['-c', line], {
    cwd,
    env: environment,
    stdin: 'ignore',
    reject: false,
    all: true,
  });
  expect(exitCode, `${line}\n${all}`).toBe(0);
  return all;
}

/** Replaces the package's name with the packed file. */
const installing = (line: string): string => line.replace(/\bdr-contracts$/, `${QUIET.join(' ')} '${tarball}'`);

async function write(folder: string, path: string, text: string): Promise<void> {
  const place = join(folder, path);
  await mkdir(dirname(place), { recursive: true });
  await writeFile(place, text);
}

async function verdicts(project: string): Promise<readonly string[]> {
  const { drills } = runSchema.parse(JSON.parse(await readFile(join(project, 'reports/latest/run.json'), 'utf8')));
  const shown = ({ contract, disaster, judgement }: (typeof drills)[number]) =>
    `${contract.name} ${disaster.name}: ${judgement.verdict === 'met' ? 'met' : `${judgement.verdict}: ${judgement.sentence}`}`;
  return drills.map(shown).toSorted();
}

/** Compiles a file as an editor would: it imports the types of the installed package. */
async function compile(project: string, files: readonly string[]): Promise<void> {
  const tsc = join(rootFolder, 'node_modules/.bin/tsc');
  const options = '--noEmit --strict --module nodenext --target es2022 --allowImportingTsExtensions --types node';
  await type(
    `'${process.execPath}' '${tsc}' ${options} --typeRoots '${join(rootFolder, 'node_modules/@types')}' ${files.join(' ')}`,
    project,
  );
}

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'dr-contracts-documents-'));
});

afterAll(() => rm(home, { recursive: true, force: true }));

describe('README.md', { timeout: 900_000 }, () => {
  it('works as it is written, and holds nothing that no test runs', async () => {
    const page = await Page.read('README.md');
    const project = join(home, 'readme');
    await mkdir(project);

    const [install = '', init = '', drill = '', ...more] = commandLinesOf(page.take('Your own contract', 'sh'));
    expect([install, init, drill, more]).toEqual([
      'npm install --save-dev dr-contracts',
      'npx dr-contracts init',
      'npx dr-contracts drill',
      [],
    ]);
    await type(installing(install), project);
    await type(init, project);
    // A new package.json does not mention modules, so the extension is the one on the page for such a project.
    await write(project, 'contracts/payments.spec.mts', page.take('Your own contract', 'ts'));
    await compile(project, ['contracts/payments.spec.mts']);
    await type(
      'git init --quiet && git add --all && git -c user.name=t -c user.email=t@example.org commit --quiet -m first',
      project,
    );
    await type(page.command('npx dr-contracts doctor'), project);
    await type(drill, project);
    expect(await verdicts(project)).toEqual([
      'orders server-lost: met',
      'orders stream-deleted: met',
      'payments server-lost: met',
      'payments stream-deleted: met',
    ]);
    await readFile(join(project, 'reports/latest/report.html'));
    expect(await type(page.command('npx dr-contracts gate'), project)).toContain('PASS');

    // .ci/run runs these on a clean clone; documents.test.ts compares the two.
    const onAClone = ['See it in a minute', 'Run it'].flatMap((section) => commandLinesOf(page.take(section, 'sh')));
    for (const line of onAClone) page.command(line);
    expect(page.left).toEqual([]);
  });
});

describe('docs/bring-your-own.md', { timeout: 900_000 }, () => {
  it('E18: works as it is written, and holds nothing that no test runs', async () => {
    const page = await Page.read('docs/bring-your-own.md');
    const folder = join(home, 'own-platform');
    const project = join(folder, 'project');
    await write(project, 'package.json', '{ "type": "module" }');
    await type(installing('npm install --save-dev dr-contracts'), project);

    const files = page.takeFiles('A complete example');
    for (const [name, text] of files) await write(folder, name, text);
    expect(filesOfTree(page.take('A complete example', 'text'))).toEqual([...files.keys()].toSorted());
    await type(page.command('chmod +x ../infrastructure/ops/restore.sh'), project);

    // Manifests that the reader must already have: the namespace of an application, and the deployed Schedule.
    for (const [name, text] of page.takeFiles('A namespace with Velero')) await write(folder, name, text);
    await write(folder, 'infrastructure/shop/shop.yaml', SHOP);
    await write(folder, 'infrastructure/velero/schedule.yaml', HALF_HOURLY);

    await type(page.command('npx dr-contracts drill'), project);
    expect(await verdicts(project)).toEqual([
      'payments server-lost: met',
      'payments stream-deleted: met',
      'shop namespace-deleted: met',
    ]);

    // Every option of the configuration; it names a contract `api`.
    const contract = await readFile(join(project, 'dr/payments.spec.ts'), 'utf8');
    await write(project, 'dr/api.spec.ts', contract.replace("name: 'payments'", "name: 'api'"));
    await write(project, 'dr-contracts.config.ts', page.take('Configuration', 'ts'));
    expect(await type('npx dr-contracts list', project)).toMatch(/^api .*^payments /ms);

    await write(project, 'dr/keeps.ts', page.take('Where programs run', 'ts'));
    // In the folder to which the example's configuration is relative.
    await type('node --eval "import(\'../project/dr/keeps.ts\')"', join(folder, 'infrastructure'));
    await compile(project, ['dr-contracts.config.ts', 'dr/payments.spec.ts', 'dr/shop.spec.ts', 'dr/keeps.ts']);

    // The system tests run this configuration, on both targets.
    const poor = page.command('npx dr-contracts drill --config fixtures/poor-platform/dr-contracts.config.ts');
    const tests = await readFile(join(rootFolder, 'harness/cli/testing/poor-platform.ts'), 'utf8');
    expect(tests).toContain(`config: '${poor.split(' ').at(-1)}'`);
    expect(page.left).toEqual([]);
  });
});

describe('docs/extend.md', { timeout: 900_000 }, () => {
  it('leads from an empty folder to a drilled system, and holds nothing that no test runs', async () => {
    const page = await Page.read('docs/extend.md');
    const project = join(home, 'extend');
    await mkdir(project);
    for (const line of commandLinesOf(page.take('Start', 'sh'))) {
      await type(
        line === 'npm install --save-dev vitest'
          ? `${line.replace(/vitest$/, VITEST)} ${VITE} ${QUIET.join(' ')}`
          : installing(line),
        project,
      );
    }
    const writeSections = async (...sections: string[]) => {
      const names: string[] = [];
      for (const section of sections) {
        for (const [name, text] of page.takeFiles(section)) {
          await write(project, name, text);
          names.push(name);
        }
      }
      await compile(
        project,
        // The types of vitest would be read twice there: from the project, and from the compiler's own folder.
        names.filter((name) => name.endsWith('.ts') && name !== 'vitest.config.ts'),
      );
    };
    const typeNext = async (section: string) =>
      await type(commandLinesOf(page.take(section, 'sh')).join(' && '), project);
    await writeSections('The asset', 'Test it', 'Drill it', 'A procedure of your own');
    expect(await typeNext('Test it')).toMatch(/Tests +\d+ passed/);
    expect(await typeNext('A procedure of your own')).toMatch(/Tests +\d+ passed/);

    await type(page.command('chmod +x ops/backup.sh ops/restore.sh'), project);
    await type(page.command('npx dr-contracts drill'), project);
    expect(await verdicts(project)).toEqual(['notes folder-removed: met']);

    // "Now remove the line with `tar` from `ops/restore.sh` and drill again."
    const restore = await readFile(join(project, 'ops/restore.sh'), 'utf8');
    await write(project, 'ops/restore.sh', restore.replace(/^tar .*\n/m, ''));
    const { exitCode } = await execa('sh', ['-c', 'npx dr-contracts drill'], {
      cwd: project,
      env: environment,
      stdin: 'ignore',
      reject: false,
    });
    expect(exitCode).toBe(1);
    expect(await verdicts(project)).toEqual([expect.stringMatching(/^notes folder-removed: breached/)]);

    await writeSections('A server of your own');
    expect(await typeNext('A server of your own')).toMatch(/Tests +\d+ passed/);
    expect(await typeNext('A server of your own')).toMatch(/Tests +\d+ passed/);
    expect(await verdicts(project)).toEqual(['dictionary server-lost: met']);
    expect(page.left).toEqual([]);
  });
});

/** Returns the files of a drawn tree: a folder ends with a slash, and its content is indented. */
function filesOfTree(tree: string): readonly string[] {
  let folder = '';
  const files: string[] = [];
  for (const line of tree.split('\n')) {
    const [, indent = '', name = ''] = /^( *)(\S+)/.exec(line) ?? [];
    if (name.endsWith('/') && indent === '') folder = name;
    else if (name !== '') files.push(`${folder}${name}`);
  }
  return files.toSorted();
}

const SHOP = `apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: prices, namespace: shop }
data: { coffee: "3.20" }
`;

const HALF_HOURLY = `apiVersion: velero.io/v1
kind: Schedule
metadata: { name: half-hourly, namespace: velero }
spec:
  schedule: "*/30 * * * *"
  template:
    includedNamespaces: [shop]
    storageLocation: default
    ttl: 720h0m0s
`;
