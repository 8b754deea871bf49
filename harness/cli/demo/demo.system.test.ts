import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, it, onTestFinished } from 'vitest';
import { runRecordSchema } from '../../model/run-record.ts';

const command = fileURLToPath(new URL('../../../bin/dr-contracts.mjs', import.meta.url));
/** Returns the sockets on which no server listens any more. */
async function socketsLeft(): Promise<readonly string[]> {
  const listening = await readFile('/proc/net/unix', 'utf8');
  const sockets = (await readdir('/tmp')).filter((name) => name.startsWith('seaweedfs-'));
  return sockets.filter((name) => !listening.includes(`/tmp/${name}`));
}

async function places() {
  const folder = await mkdtemp(join(tmpdir(), 'dr-contracts-demo-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const disk = await mkdtemp(join(tmpdir(), 'drc-demo-'));
  onTestFinished(() => rm(disk, { recursive: true, force: true }));
  // Longer than the maximal path of a unix socket.
  const scratch = join(disk, 'a-workspace-of-a-pipeline/'.repeat(5));
  await mkdir(scratch, { recursive: true });
  return { folder, scratch };
}

const demo = (args: readonly string[], { folder, scratch }: { folder: string; scratch: string }) =>
  execa(process.execPath, [command, 'demo', ...args], {
    cwd: folder,
    reject: false,
    stdin: 'ignore',
    env: { DR_CONTRACTS_SCRATCH: scratch, NO_COLOR: '1', VITEST: '' },
  });

it('the demo catches a job that reports success and restores nothing, shows the repaired one, and leaves nothing behind', async () => {
  const at = await places();
  const before = await socketsLeft();
  const { exitCode, stdout, stderr } = await demo(['--json'], at);
  expect(exitCode, stderr).toBe(0);
  const { drills } = runRecordSchema.parse(JSON.parse(stdout));
  expect(drills.map(({ contract, judgement }) => [contract.name, judgement?.verdict, judgement?.cause])).toEqual([
    ['orders', 'breached', 'nothing-came-back'],
    ['orders-repaired', 'met', undefined],
  ]);
  const [asItIs] = drills;
  expect(asItIs?.recoveryPoint?.claimed).toContain('Backup complete');
  expect(asItIs?.recoveryPoint?.objects).toBe(1);
  for (const { environment } of drills) {
    expect(environment.tools.map(({ name }) => name)).toEqual(['nats-server', 'weed']);
    for (const { source } of environment.tools) expect(source).toMatch(/^wheel \S+\.whl \(sha256:[0-9a-f]{64}\)$/);
    expect(environment.differencesFromProduction[0]).toContain('SeaweedFS');
    expect(environment.sandbox).toBe('none: the scripts of the demo are part of dr-contracts');
  }
  expect(stderr).toContain('+ const OUR_STREAMS = /^(orders|payments)/;');
  expect(stderr).toContain('npx dr-contracts init');
  expect({ project: await readdir(at.folder), scratch: await readdir(at.scratch) }).toEqual({
    project: [],
    scratch: [],
  });
  expect(await socketsLeft()).toEqual(before);
});

it('a demo that is interrupted stops what it started and exits 2', async () => {
  const at = await places();
  const before = await socketsLeft();
  const running = demo([], at);
  for await (const line of running.iterable({ from: 'stdout' })) {
    if (line.includes('second backup')) running.kill('SIGINT');
  }
  const { exitCode, stderr } = await running;
  expect(exitCode, stderr).toBe(2);
  expect(stderr).toContain('everything that was started has been stopped');
  expect(await readdir(at.scratch)).toEqual([]);
  expect(await socketsLeft()).toEqual(before);
});
