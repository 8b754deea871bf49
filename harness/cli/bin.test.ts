import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, open, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const BIN = fileURLToPath(new URL('../../bin/dr-contracts.mjs', import.meta.url));

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dr-contracts-bin-'));
  await writeFile(join(folder, 'file'), 'not JSON');
  await mkdir(join(folder, 'contracts'));
  await writeFile(join(folder, 'contracts', 'none.spec.ts'), '');
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (args: readonly string[], nodeArgs: readonly string[] = [], nodeOptions = '') =>
  execa(process.execPath, [...nodeArgs, BIN, ...args], {
    cwd: folder,
    reject: false,
    stdin: 'ignore',
    env: { NO_COLOR: '1', NODE_OPTIONS: nodeOptions },
  });

// Real processes: each includes the start of Node, which is slow on a busy machine.
describe('the program itself', { timeout: 60_000 }, () => {
  it.each([
    ['an unknown option', ['drill', '--foo'], 64, "unknown option '--foo'"],
    ['no number of jobs', ['drill', '--jobs', 'x'], 64, 'a whole number from 1 to 64'],
    [
      'an out folder below a file',
      ['drill', '--out', 'file/reports'],
      2,
      'file/reports: expected to be usable, but a part of the path is a file',
    ],
    ['a record that is no JSON', ['verdict', 'file'], 64, 'file: expected JSON'],
  ])('refuses %s with one message', async (_what, args, code, message) => {
    const { exitCode, stdout, stderr } = await run(args);
    expect(stderr).toContain(message);
    expect(stderr.match(/^dr-contracts: /gm)).toHaveLength(1);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(stdout).toBe('');
    expect(exitCode).toBe(code);
  });

  it.each(['--help', '--version', 'init --help', 'doctor --json', 'drill --json --posture'])(
    'E31: `%s` exits 2 and says so when the disk behind standard output is full',
    async (line) => {
      const full = await open('/dev/full', 'w');
      const { status, stderr } = spawnSync(process.execPath, [BIN, ...line.split(' ')], {
        cwd: folder,
        stdio: ['ignore', full.fd, 'pipe'],
        encoding: 'utf8',
      });
      await full.close();
      expect(stderr).toMatch(/^dr-contracts: standard output: expected to be usable, but the disk is full/m);
      expect(stderr.match(/standard output/g)).toHaveLength(1);
      expect(status).toBe(2);
    },
  );

  it('E28: `drill --posture` without a posture names the page that shows how to write one', async () => {
    const project = join(folder, 'without-posture');
    await mkdir(join(project, 'contracts'), { recursive: true });
    await writeFile(
      join(project, 'contracts', 'one.spec.ts'),
      `import { contract, kubernetesNamespace, veleroSchedule } from '${new URL('../index.ts', import.meta.url).href}';
       contract({ name: 'one', asset: kubernetesNamespace({ secrets: 1 }), rto: '1h', rpo: '1h', priority: 'P1', owner: 'o',
         protectedBy: veleroSchedule({ cron: '*/30 * * * *', timeZone: 'UTC' }), survives: ['namespace-deleted'] });`,
    );
    const place = { cwd: project, reject: false, stdin: 'ignore', env: { NO_COLOR: '1' } } as const;
    const { exitCode, stderr } = await execa(process.execPath, [BIN, 'drill', '--posture'], place);
    expect(stderr).toContain('Write one as docs/posture.md shows.');
    expect(exitCode).toBe(2);
  });

  // Node's recursive mkdir never returns there, and only SIGKILL ends it.
  it.each([
    ['DR_CONTRACTS_CACHE', ['toolchain', '--all'], 'tool cache /proc/x/toolchain/'],
    ['DR_CONTRACTS_SCRATCH', ['doctor'], 'missing scratch folder: '],
    ['TMPDIR', ['doctor'], 'missing scratch folder: '],
  ])('E32: refuses a %s in which no folder can be made, instead of looping', async (variable, args, message) => {
    const { exitCode, stdout, stderr } = await execa(process.execPath, [BIN, ...args], {
      cwd: folder,
      reject: false,
      stdin: 'ignore',
      timeout: 50_000,
      killSignal: 'SIGKILL',
      env: { NO_COLOR: '1', [variable]: '/proc/x' },
    });
    expect(`${stdout}${stderr}`).toContain(message);
    expect(exitCode).toBe(2);
  });

  it('exits 2 and says why when a contract file ends the process with exit code 0', async () => {
    await writeFile(join(folder, 'contracts', 'exits.spec.ts'), 'process.exit(0);');
    const { exitCode, stderr } = await run(['drill', '--posture']).finally(() =>
      rm(join(folder, 'contracts', 'exits.spec.ts')),
    );
    expect(stderr).toContain('process.exit() in a contract file');
    expect(exitCode).toBe(2);
  });

  it('gate-7: ends a gate with exit 70 where a contract file or the configuration ends the process', async () => {
    const config = join(folder, 'dr-contracts.config.ts');
    await writeFile(config, 'process.exit(0);');
    const { exitCode, stdout, stderr } = await run(['gate', '--format', 'json']).finally(() => rm(config));
    expect([exitCode, stdout]).toEqual([70, '']);
    expect(stderr).toContain('process.exit() in a contract file, in the configuration');
  });

  it('gate-7: ends a served gate with exit 0 when it is told to stop', async () => {
    const serving = run(['gate', '--serve', '0']);
    for await (const line of serving) if (line.startsWith('Answers at')) serving.kill('SIGTERM');
    const { exitCode, stderr } = await serving;
    expect([exitCode, stderr]).toEqual([0, '']);
  });

  it('restarts with stripping of types where it was switched off, keeping arguments and exit code', async () => {
    const { exitCode, stderr } = await run(['drill', '--foo'], ['--no-experimental-strip-types']);
    expect(stderr).toContain("unknown option '--foo'");
    expect(exitCode).toBe(64);
  });

  it('fixes the size of the young generation, but leaves the last word to the arguments of its caller', async () => {
    // Every started Node, the shim and its child, prints its own arguments.
    const telling = '--import=data:text/javascript,process.stderr.write(JSON.stringify(process.execArgv))';
    const flags = ['--min-semi-space-size=16', '--max-semi-space-size=16'];
    expect((await run(['--version'], [], telling)).stderr).toBe(`[]${JSON.stringify(flags)}`);
    const own = '--max-semi-space-size=32';
    const { stderr } = await run(['--version'], [own], telling);
    expect(stderr).toBe(`${JSON.stringify([own])}${JSON.stringify([...flags, own])}`);
  });

  it('keeps what it compiled in the cache folder, where its owner alone can read it', async () => {
    const cache = join(folder, 'cache');
    await execa(process.execPath, [BIN, '--version'], { stdin: 'ignore', env: { DR_CONTRACTS_CACHE: cache } });
    const compiled = join(cache, 'compiled');
    expect((await stat(compiled)).mode & 0o777).toBe(0o700);
    const [version = ''] = await readdir(compiled);
    expect((await readdir(join(compiled, version))).length).toBeGreaterThan(50);
  });

  it('starts as well where the cache folder cannot be made', async () => {
    const env = { DR_CONTRACTS_CACHE: join(folder, 'file', 'cache') };
    const { exitCode, stdout, stderr } = await execa(process.execPath, [BIN, '--version'], { stdin: 'ignore', env });
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^\d+\./);
  });
});
