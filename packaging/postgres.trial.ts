import { chmod, cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { QUIET } from './packed.ts';
import { rootFolder } from './places.ts';
import { onThisNode } from './stranger.ts';

// examples/postgres: a system added by a third party, with nothing of this project but the packed file. It needs Debian's PostgreSQL.

const { tarball } = inject('packed');
const DEBIAN = '/usr/lib/postgresql';

const runSchema = z.object({
  drills: z.array(
    z.object({
      disaster: z.object({ name: z.string() }),
      judgement: z.object({
        verdict: z.string(),
        findings: z.array(z.object({ name: z.string(), verdict: z.string(), sentence: z.string() })),
      }),
    }),
  ),
});

const hasPostgres =
  (process.env['POSTGRES_BIN'] ?? '') !== '' ||
  (await readdir(DEBIAN).catch(() => [])).some((version) => /^\d+$/.test(version));
// In CI, .ci/run installs it first: it must be present there.
if (!hasPostgres)
  console.log('examples/postgres is skipped: this machine has no PostgreSQL (apt-get install postgresql)');

describe.skipIf(!hasPostgres)('the PostgreSQL example, installed from the packed file', () => {
  let folder: string;
  const run = (file: string, ...args: readonly string[]) => onThisNode(folder, file, args);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dr-contracts-postgres-'));
    await cp(join(rootFolder, 'examples/postgres'), folder, {
      recursive: true,
      filter: (path) => !path.includes('/node_modules') && !path.includes('/reports'),
    });
    const { exitCode, all } = await run('npm', 'install', '--save-dev', ...QUIET, tarball);
    expect(exitCode, all).toBe(0);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function drill(...args: readonly string[]) {
    const { all } = await run('npx', 'dr-contracts', 'drill', '--target', 'local', ...args);
    const { drills } = runSchema.parse(JSON.parse(await readFile(join(folder, 'reports/latest/run.json'), 'utf8')));
    return { all, drills };
  }

  /** Runs drills with another restore script. Each of them exits 0. */
  async function drillWith(edit: (script: string) => string) {
    const path = join(folder, 'ops/restore.sh');
    const script = await readFile(path, 'utf8');
    const edited = edit(script);
    expect(edited).not.toBe(script);
    await writeFile(path, edited);
    await chmod(path, 0o755);
    try {
      return await drill();
    } finally {
      await writeFile(path, script);
    }
  }
  const brokenFindings = ({ drills }: Awaited<ReturnType<typeof drill>>, disaster: string) => {
    const judgement = drills.find((each) => each.disaster.name === disaster)?.judgement;
    const findings = judgement?.findings.filter(({ verdict }) => verdict === 'breached') ?? [];
    return { verdict: judgement?.verdict, sentences: findings.map(({ sentence }) => sentence).join('\n') };
  };

  it('depends on nothing of dr-contracts but its public entries', async () => {
    const { exitCode, all } = await run('npx', 'tsc');
    expect(exitCode, all).toBe(0);
  });

  it('passes the conformance suite', async () => {
    const { exitCode, all } = await run('npx', 'vitest', 'run');
    expect(exitCode, all).toBe(0);
    expect(all).toMatch(/Tests +\d+ passed/);
  });

  it('is met after both disasters', async () => {
    const { all, drills } = await drill();
    expect(
      drills.map(({ disaster, judgement }) => [disaster.name, judgement.verdict]),
      all,
    ).toEqual([
      ['database-dropped', 'met'],
      ['server-lost', 'met'],
    ]);
  });

  it('is breached by a restore of the base backup alone, without the WAL since', async () => {
    const ran = await drillWith((script) =>
      script
        .replace('set -eu', 'set -eu\nRECOVERY_TARGET_LSN= RECOVERY_TARGET_TIME=')
        .replace('recovery_target_action =', 'recovery_target = \'immediate\'"\n  echo "recovery_target_action ='),
    );
    expect(brokenFindings(ran, 'server-lost'), ran.all).toMatchObject({ verdict: 'breached' });
  });

  it('is breached by a restore that leaves out a table', async () => {
    const ran = await drillWith((script) => `${script}psql --no-password --quiet --command='truncate orders'\n`);
    for (const disaster of ['database-dropped', 'server-lost']) {
      const { verdict, sentences } = brokenFindings(ran, disaster);
      expect(verdict, ran.all).toBe('breached');
      expect(sentences).toContain('rows of orders');
    }
  });

  it('is breached by a restore that does nothing and says that it is complete', async () => {
    const ran = await drillWith(() => '#!/bin/sh\necho "restore complete"\n');
    for (const disaster of ['database-dropped', 'server-lost']) {
      const { verdict, sentences } = brokenFindings(ran, disaster);
      expect(verdict, ran.all).toBe('breached');
      expect(sentences).toContain('Nothing came back');
      expect(sentences).toContain('The last thing that the restore said: "restore complete"');
    }
  });
});
