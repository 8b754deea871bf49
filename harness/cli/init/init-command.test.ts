import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type StubIo, withStubIo } from '../testing/stub-parts.ts';
import { runInit } from './init-command.ts';
import type { InitOptions } from './init-options.ts';

const defaults: InitOptions = { answers: {}, ownScripts: undefined, yes: true, force: false };
const nobody = Object.assign(new PassThrough(), { isTTY: false }) as unknown as NodeJS.ReadStream;

interface Project extends StubIo {
  init(changes?: Partial<InitOptions>): Promise<0>;
  read(path: string): Promise<string>;
  write(path: string, content: string): Promise<void>;
}

const withProject = (manifest: unknown, use: (project: Project) => Promise<void>) =>
  withStubIo(async (stub) => {
    const inside = (path: string) => join(stub.io.cwd, path);
    if (manifest !== undefined) await writeFile(inside('package.json'), JSON.stringify(manifest, undefined, '\t'));
    await use({
      ...stub,
      init: (changes) => runInit({ ...defaults, ...changes }, stub.io, nobody),
      read: (path) => readFile(inside(path), 'utf8'),
      write: (path, content) => writeFile(inside(path), content),
    });
  });

describe('init', () => {
  it('writes a configuration, a contract, scripts that can be run, an npm script and a pipeline, and says so', () =>
    withProject({ type: 'module' }, async ({ init, read, io, stdout }) => {
      await init();
      expect(await read('dr-contracts.config.ts')).toContain("contracts: 'contracts/**/*.spec.ts'");
      expect(await read('contracts/orders.spec.ts')).toContain("backup: 'ops/nats-backup.sh'");
      for (const script of ['ops/nats-backup.sh', 'ops/nats-restore.sh']) {
        expect((await stat(join(io.cwd, script))).mode & 0o111).toBe(0o111);
      }
      expect(JSON.parse(await read('package.json'))).toEqual({
        type: 'module',
        scripts: { drill: 'dr-contracts drill' },
      });
      for (const said of ['contracts/orders.spec.ts', 'package.json', 'npx dr-contracts drill --contract orders']) {
        expect(stdout()).toContain(said);
      }
    }));

  it('names its TypeScript .mts where files are not modules by themselves, and finds them again', () =>
    withProject({ type: 'commonjs' }, async ({ init, read }) => {
      await init();
      expect(await read('contracts/orders.spec.mts')).toContain("name: 'orders'");
      expect(await read('dr-contracts.config.mts')).toContain("contracts: 'contracts/**/*.spec.mts'");
    }));

  it("keeps what else is in package.json, and its author's indentation", () =>
    withProject({ name: 'shop', scripts: { test: 'x' } }, async ({ init, read }) => {
      await init();
      expect(await read('package.json')).toBe(
        '{\n\t"name": "shop",\n\t"scripts": {\n\t\t"test": "x",\n\t\t"drill": "dr-contracts drill"\n\t}\n}\n',
      );
    }));

  it('E30: keeps the line ends and the byte order mark of package.json, so that only the script shows up as changed', () =>
    withProject({}, async ({ init, read, write }) => {
      await write('package.json', '\uFEFF{\r\n  "name": "shop"\r\n}\r\n');
      await init();
      expect(await read('package.json')).toBe(
        '\uFEFF{\r\n  "name": "shop",\r\n  "scripts": {\r\n    "drill": "dr-contracts drill"\r\n  }\r\n}\r\n',
      );
    }));

  it.each([
    [
      'an RTO below detection and decision',
      { rto: '1s' },
      /RTO 1 s cannot be met: detection and decision alone take 6 min 30 s/,
    ],
    [
      'an RPO below the gap of the schedule',
      { rpo: '1m' },
      /RPO 1 min cannot be met: two backups of "\*\/2 \* \* \* \*" are up to 2 min apart/,
    ],
    ['an RPO that allows no loss', { rpo: '0s' }, /RPO 0 s cannot be met/],
    ['a schedule that is too rare', { cron: '0 3 * * *' }, /RPO 5 min cannot be met: .* are up to 1 d apart/],
    [
      'what Velero needs',
      { asset: 'kubernetes', rto: '11m' },
      /RTO 11 min cannot be met: detection and decision alone take 11 min 30 s/,
    ],
  ] as const)('E30: says of %s that no drill can meet it, and writes it', (_, answers, said) =>
    withProject({ type: 'module' }, async ({ init, io, stdout }) => {
      await init({ answers });
      expect(stdout().replaceAll(/\s+/g, ' ')).toMatch(said);
      const written = 'asset' in answers ? 'configuration.spec.ts' : 'orders.spec.ts';
      expect(await readdir(join(io.cwd, 'contracts'))).toContain(written);
    }),
  );

  it('E30: says nothing of the kind of its defaults, or of an asset that keeps no data', () =>
    withProject({ type: 'module' }, async ({ init, stdout }) => {
      await init();
      await init({ answers: { name: 'other', asset: 'kubernetes' }, force: true });
      await init({ answers: { name: 'none', rpo: 'none' }, force: true });
      expect(stdout()).not.toContain('cannot be met');
    }));

  it('changes nothing the second time', () =>
    withProject({}, async ({ init, read, stdout }) => {
      await init();
      const before = [await read('package.json'), await read('.gitignore')];
      const said = stdout().length;
      await init();
      expect([await read('package.json'), await read('.gitignore')]).toEqual(before);
      expect(stdout().slice(said)).not.toMatch(/written|changed|replaced/);
    }));

  it('refuses to overwrite, writes nothing then, and does it when told to', () =>
    withProject({ scripts: { drill: 'make drill' } }, async ({ init, read, write, io }) => {
      await mkdir(join(io.cwd, 'ops'));
      await write('ops/nats-backup.sh', 'mine');
      await expect(init()).rejects.toThrow(/ops\/nats-backup\.sh, the script "drill" in package\.json \(make drill\)/);
      await expect(read('dr-contracts.config.mts')).rejects.toThrow('ENOENT');
      expect(await read('ops/nats-backup.sh')).toBe('mine');
      await init({ force: true });
      expect(await read('ops/nats-backup.sh')).toMatch(/^#!/);
      expect(await read('package.json')).toContain('dr-contracts drill');
    }));

  it('names own scripts in the contract, and then writes none', () =>
    withProject({}, async ({ init, read }) => {
      await init({ ownScripts: { backup: 'bin/save', restore: 'bin/load' } });
      expect(await read('contracts/orders.spec.mts')).toContain("backup: 'bin/save'");
      await expect(read('ops/nats-backup.sh')).rejects.toThrow('ENOENT');
    }));

  it('adds to what git ignores only what is missing', () =>
    withProject({}, async ({ init, read, write }) => {
      await write('.gitignore', '/node_modules\n*.log');
      await init();
      expect(await read('.gitignore')).toBe('/node_modules\n*.log\nreports/\n');
    }));

  it.each([
    ['name', { name: 'Orders!' }, '--name: .*lower-case letters'],
    ['RTO', { rto: 'soon' }, '--rto: .*a duration such as 90s'],
    ['schedule', { cron: 'daily' }, '--cron: '],
    ['owner', { owner: "the 'A' team" }, '--owner: .*without quotes'],
  ])('refuses a %s that no contract can say, and writes nothing', (_what, answers, said) =>
    withProject({}, async ({ init, read }) => {
      await expect(init({ answers })).rejects.toThrow(new RegExp(said));
      await expect(read('.gitignore')).rejects.toThrow('ENOENT');
    }),
  );

  it('wants a package.json', () =>
    withProject(undefined, async ({ init }) => {
      await expect(init()).rejects.toThrow(/expected a package\.json, but there is none/);
    }));
});

describe('the pipeline that init writes', () => {
  const github = '.github/workflows/disaster-recovery.yml';
  const gitlab = '.gitlab/disaster-recovery.gitlab-ci.yml';

  it('is for GitHub Actions where nobody says otherwise, and for no other system', () =>
    withProject({}, async ({ init, read }) => {
      await init();
      expect(parse(await read(github))).toMatchObject({ jobs: { gate: {}, everything: {} } });
      expect(await read('dr-gate.mts')).toContain('export default gatePolicy({');
      await expect(read(gitlab)).rejects.toThrow('ENOENT');
    }));

  it('is for GitLab CI when asked for, with the file that includes it', () =>
    withProject({}, async ({ init, read }) => {
      await init({ answers: { ci: 'gitlab' } });
      expect(parse(await read(gitlab))).toMatchObject({ 'dr-gate': {}, 'dr-everything': {} });
      expect(parse(await read('.gitlab-ci.yml'))).toEqual({ include: [{ local: gitlab }] });
      await expect(read(github)).rejects.toThrow('ENOENT');
    }));

  it('is for GitLab CI where there is a pipeline of that; it is left as it is, even by --force, and has to include ours', () =>
    withProject({}, async ({ init, read, write, stdout }) => {
      const own = 'build:\n  script: [make]\n';
      await write('.gitlab-ci.yml', own);
      await init({ force: true });
      expect(await read('.gitlab-ci.yml')).toBe(own);
      expect(await read(gitlab)).toContain('dr-gate:');
      expect(stdout()).toContain(`add to .gitlab-ci.yml:   include: [{ local: ${gitlab} }]`);

      await write('.gitlab-ci.yml', `include: [{ local: ${gitlab} }]\n`);
      const said = stdout().length;
      await init();
      expect(stdout().slice(said)).not.toContain('add to');
    }));

  it.each([
    ['github', github],
    ['gitlab', gitlab],
  ] as const)(
    'for %s is refused where its file is there already with another text, and nothing is written',
    (ci, path) =>
      withProject({}, async ({ init, read, write, io }) => {
        await mkdir(dirname(join(io.cwd, path)), { recursive: true });
        await write(path, 'mine');
        await expect(init({ answers: { ci } })).rejects.toThrow(path);
        expect(await read(path)).toBe('mine');
        await expect(read('.gitignore')).rejects.toThrow('ENOENT');
      }),
  );

  it.each([
    ['github', github],
    ['gitlab', gitlab],
  ] as const)(
    'E11: for %s lies in the root of the repository, and works in the folder of its workspace package',
    (ci, path) =>
      withStubIo(async ({ io }) => {
        const cwd = join(io.cwd, 'packages/dr');
        await mkdir(cwd, { recursive: true });
        await mkdir(join(io.cwd, '.git'));
        await writeFile(join(io.cwd, 'package-lock.json'), '{}');
        await writeFile(join(cwd, 'package.json'), '{ "type": "module" }');
        await runInit({ ...defaults, answers: { ci } }, { ...io, cwd }, nobody);
        const text = await readFile(join(io.cwd, path), 'utf8');
        if (ci === 'github') {
          expect(parse(text).defaults.run['working-directory']).toBe('packages/dr');
          expect(text.match(/path: packages\/dr\/reports\/$/gm)).toHaveLength(2);
        } else {
          expect(parse(text)['.dr-contracts'].before_script).toContain('cd packages/dr');
          expect(parse(text)['.dr-contracts'].artifacts.paths).toEqual(['packages/dr/reports/']);
          expect(parse(await readFile(join(io.cwd, '.gitlab-ci.yml'), 'utf8'))).toEqual({ include: [{ local: path }] });
        }
        expect(text).not.toMatch(/(?:path|junit|codequality): reports/);
        await expect(stat(join(cwd, dirname(path)))).rejects.toThrow('ENOENT');
      }),
  );

  it.each([
    ['pnpm', 'pnpm-lock.yaml', '', 'pnpm install --frozen-lockfile', 'pnpm exec dr-contracts'],
    ['yarn', 'yarn.lock', '# yarn lockfile v1', 'yarn install --frozen-lockfile', 'yarn --silent dr-contracts'],
    ['yarn', 'yarn.lock', '__metadata:', 'yarn install --immutable', 'yarn dr-contracts'],
    ['npm', 'package-lock.json', '{}', 'npm ci', 'npx dr-contracts'],
  ])('E12: installs with %s, read off %s (%s)', (manager, lock, content, install, exec) =>
    withProject({}, async ({ init, read, write, stdout }) => {
      await write(lock, content);
      await init();
      await init({ answers: { ci: 'gitlab' } });
      const { jobs } = parse(await read(github));
      for (const job of ['gate', 'everything']) {
        const steps: { run?: string; with?: { cache?: unknown; key?: string } }[] = jobs[job].steps;
        expect(steps.map((step) => step.run)).toContain(install);
        expect(steps.some((step) => step.run === 'corepack enable')).toBe(manager !== 'npm');
        expect(steps.map((step) => step.with?.cache)).toContain(manager);
        const runs = steps.map(({ run = '' }) => run);
        const key = runs.findIndex((run) => run.includes(`$(${exec} toolchain --key | grep`));
        const cache = steps.findIndex((step) => step.with?.key?.includes('steps.programs.outputs.key'));
        expect(runs.indexOf(install)).toBeLessThan(key);
        expect(key).toBeLessThan(cache);
        expect(cache).toBeLessThan(runs.indexOf(`${exec} toolchain --target local`));
      }
      const common = parse(await read(gitlab))['.dr-contracts'];
      expect(common.before_script).toContain(install);
      expect(common.cache.key.files).toEqual([lock]);
      for (const text of [await read(github), await read(gitlab), stdout()]) {
        expect(text).toContain(`${exec} drill`);
        if (manager !== 'npm') expect(text.replaceAll('pnpm', '')).not.toMatch(/\bnpm (?:ci|install)|npx dr-contracts/);
      }
    }),
  );

  it('E12: tells a project of pnpm which install scripts to refuse, unless it has decided', () =>
    withProject({}, async ({ init, write, stdout }) => {
      await write('pnpm-lock.yaml', '');
      await init();
      expect(stdout()).toContain("pnpm approve-builds '!cpu-features' '!protobufjs' '!ssh2'");
      await write('pnpm-workspace.yaml', 'allowBuilds:\n  ssh2: false\n');
      const said = stdout().length;
      await init();
      expect(stdout().slice(said)).not.toContain('approve-builds');
    }));

  it('E12: takes the package manager that package.json names where there is no lock file yet', () =>
    withProject({ packageManager: 'pnpm@10.1.0' }, async ({ init, read }) => {
      await init();
      expect(await read(github)).toContain('pnpm install --frozen-lockfile');
    }));

  it.each([
    ['main and master', undefined, ['main', 'master']],
    ['the main branch of the origin', 'ref: refs/remotes/origin/trunk\n', ['trunk']],
  ])('E12: runs after each change of %s', (_, head, branches) =>
    withProject({}, async ({ init, read, write, io }) => {
      await mkdir(join(io.cwd, '.git/refs/remotes/origin'), { recursive: true });
      if (head !== undefined) await write('.git/refs/remotes/origin/HEAD', head);
      await init();
      expect(parse(await read(github)).on.push.branches).toEqual(branches);
    }),
  );

  it('is left out when nobody wants it', () =>
    withProject({}, async ({ init, read }) => {
      await init({ answers: { ci: 'none' } });
      for (const path of [github, gitlab, '.gitlab-ci.yml', 'dr-gate.mts'])
        await expect(read(path)).rejects.toThrow('ENOENT');
    }));

  it.each([
    ['github', github],
    ['gitlab', gitlab],
  ] as const)('for %s is added to a project whose files were edited, and nothing else is touched', (ci, path) =>
    withProject({ type: 'module', scripts: { drill: 'make drill' } }, async ({ init, read, write, io, stdout }) => {
      await mkdir(join(io.cwd, 'contracts'), { recursive: true });
      const edited = {
        'dr-contracts.config.ts': 'export default { mine: true };',
        'contracts/orders.spec.ts': 'mine',
        'dr-gate.mts': 'my policy',
        '.gitignore': 'mine\n',
      };
      for (const [name, text] of Object.entries(edited)) await write(name, text);
      const manifest = await read('package.json');
      await init({ answers: { ci } });
      expect(parse(await read(path))).toBeTypeOf('object');
      for (const [name, text] of Object.entries(edited)) expect(await read(name)).toBe(text);
      expect(await read('package.json')).toBe(manifest);
      await expect(read('dr-gate.ts')).rejects.toThrow('ENOENT');
      await expect(read('ops/nats-backup.sh')).rejects.toThrow('ENOENT');
      expect(stdout()).toContain('only the pipeline was added');

      await write(path, 'my pipeline');
      await init({ answers: { ci } });
      expect(await read(path)).toBe('my pipeline');
      expect(stdout()).toContain(`${path} has other content and was left alone`);
      await init({ answers: { ci }, force: true });
      expect(await read(path)).not.toBe('my pipeline');
      expect(await read('dr-gate.mts')).toBe('my policy');
    }),
  );

  it('is added with a policy where the project has none', () =>
    withProject({}, async ({ init, read, write }) => {
      await write('dr-contracts.config.mts', 'mine');
      await init({ answers: { ci: 'github' } });
      expect(await read('dr-gate.mts')).toContain('export default gatePolicy({');
      await expect(read('contracts/orders.spec.mts')).rejects.toThrow('ENOENT');
    }));
});
