import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { rootFolder } from './places.ts';
import {
  installed,
  OLDEST,
  obtainNode,
  onNode,
  type RunIn,
  VITE,
  VITEST,
  VITEST_CONFIG,
  verdictsIn,
} from './stranger.ts';

// Package managers other than npm (tarball.trial.ts tests npm). Their versions are pinned; packages come from the registry or their caches.

const { tarball } = inject('packed');

interface Manager {
  readonly title: string;
  /** npm package that contains it, and the program in that package. */
  readonly from: string;
  readonly program: string;
  readonly settings?: Readonly<Record<string, string>>;
  readonly add: readonly string[];
  /** Command that the package manager's own rules require after adding the package. */
  readonly after?: readonly string[];
  /** Runs a program of an installed package. */
  readonly exec: readonly string[];
  readonly installsInPipeline: string;
  /** Whether Vitest is also tried: this manager puts packages elsewhere than npm does. */
  readonly liesElsewhere?: true;
  /** Whether the demo is also tried: this manager gives a package a folder only on request. */
  readonly isZipped?: true;
}

const berry = {
  from: '@yarnpkg/cli-dist@4.18.1',
  program: '@yarnpkg/cli-dist/bin/yarn.js',
  add: ['add', '--dev'],
  exec: [],
  installsInPipeline: 'yarn install --immutable',
} as const;
const settingsOf = (linker: string) => ({
  // An empty lock file marks this folder as a project, whatever its parents contain.
  'yarn.lock': '',
  '.yarnrc.yml': `nodeLinker: ${linker}\nenableScripts: false\n`,
});

const managers: readonly Manager[] = [
  {
    title: 'pnpm 12',
    from: 'pnpm@12.21.0',
    program: 'pnpm/bin/pnpm.mjs',
    add: ['add', '--save-dev', '--ignore-scripts', '--prefer-offline'],
    after: ['approve-builds', '!cpu-features', '!protobufjs', '!ssh2'],
    exec: ['exec'],
    installsInPipeline: 'pnpm install --frozen-lockfile',
    liesElsewhere: true,
  },
  {
    title: 'Yarn 1',
    from: 'yarn@1.22.22',
    program: 'yarn/bin/yarn.js',
    add: ['add', '--dev', '--ignore-scripts', '--prefer-offline'],
    exec: ['--silent'],
    installsInPipeline: 'yarn install --frozen-lockfile',
  },
  { title: 'Yarn 4 with node_modules', ...berry, settings: settingsOf('node-modules') },
  { title: "Yarn 4 with Plug'n'Play", ...berry, settings: settingsOf('pnp'), liesElsewhere: true, isZipped: true },
];

let home: string;
let run: RunIn;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'dr-contracts-managers-'));
  run = onNode(await obtainNode(home, OLDEST));
});
afterAll(() => rm(home, { recursive: true, force: true }));

describe.each(managers.map((manager, index) => ({ ...manager, name: `manager-${index}` })))(
  'a project of $title',
  ({ name, from, program, settings = {}, add, after, exec, installsInPipeline, liesElsewhere, isZipped }) => {
    let project: string;
    let file: string;
    const manage = (...args: readonly string[]) => run(project, 'node', [file, ...args]);
    const command = (...args: readonly string[]) => manage(...exec, 'dr-contracts', ...args);

    beforeAll(async () => {
      file = join(await installed(home, name, from), 'node_modules', program);
      project = join(home, `project-of-${name}`);
      await mkdir(project);
      const manifest = {
        name: 'stranger',
        version: '1.0.0',
        license: 'MIT',
        type: 'module',
        scripts: { 'which-node': 'node -p process.versions.node' },
      };
      await writeFile(join(project, 'package.json'), JSON.stringify(manifest));
      for (const [path, text] of Object.entries(settings)) await writeFile(join(project, path), text);
    });

    it('installs it', async () => {
      const vitest = liesElsewhere === true ? [VITEST, VITE] : [];
      const { exitCode, all } = await manage(...add, `dr-contracts@file:${tarball}`, ...vitest);
      expect(exitCode, all).toBe(0);
      if (after === undefined) return;
      const page = await readFile(join(rootFolder, 'docs/install.md'), 'utf8');
      const [what, ...names] = after;
      expect(page).toContain(`${what} ${names.map((each) => `'${each}'`).join(' ')}`);
      const approved = await manage(...after);
      expect(approved.exitCode, approved.all).toBe(0);
    });

    it('E06: has scripts that run on the same Node as before', async () => {
      const { stdout } = await manage('run', 'which-node');
      expect(stdout.split('\n')).toContain(OLDEST);
    });

    it('E12: gets a pipeline that calls this package manager', async () => {
      const { exitCode, all } = await command('init', '--yes');
      expect(exitCode, all).toBe(0);
      const workflow = await readFile(join(project, '.github/workflows/disaster-recovery.yml'), 'utf8');
      expect(workflow).toContain(`run: ${installsInPipeline}\n`);
      expect(workflow).not.toMatch(/\bnpm ci\b|\bnpx\b/);
    });

    it('lists its contract, and a drill could start', async () => {
      const listed = await command('list');
      expect(listed.exitCode, listed.all).toBe(0);
      expect(listed.all).toContain('contracts/orders.spec.ts');
      const doctor = await command('doctor');
      expect(doctor.exitCode, doctor.all).toBe(0);
      expect(doctor.all).toContain('A drill can start now.');
    });

    it('E13: drills it, and keeps the record', async () => {
      const { exitCode, all } = await manage('run', 'drill', '--target', 'local');
      expect(exitCode, all).toBe(0);
      expect(await verdictsIn(project)).toEqual(['met', 'met']);
    });

    it.runIf(liesElsewhere)('drills it with Vitest, too', async () => {
      await writeFile(join(project, 'vitest.config.ts'), VITEST_CONFIG);
      const { exitCode, all } = await manage(...exec, 'vitest', 'run');
      expect(exitCode, all).toBe(0);
      expect(all).toMatch(/Tests +12 passed/);
    });

    it.runIf(isZipped)('E13: runs the demo', async () => {
      const { exitCode, all } = await command('demo');
      expect(exitCode, all).toBe(0);
    });
  },
);
