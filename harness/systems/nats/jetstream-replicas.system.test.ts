import { readdir, readFile } from 'node:fs/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { expect, onTestFinished, test } from 'vitest';
import { sharedTarget } from '../../testing/shared-target.ts';
import { arrived, notYet, waitFor } from '../../wait/wait.ts';
import { jetstreamReplicas } from './jetstream-replicas.ts';
import { beginDrill } from './testing.ts';

const target = sharedTarget();
const orders = { name: 'orders', subjects: ['orders.paid'], messages: 60 };

async function pidOf(server: string): Promise<number> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const [program = '', ...options] = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
    const config = options[options.indexOf('--config') + 1];
    if (!program.endsWith('/nats-server') || config === undefined) continue;
    if ((await readFile(config, 'utf8').catch(() => '')).includes(server)) return Number(pid);
  }
  throw new Error(`no process of nats-server ${server}`);
}

test('a copy that lags while its machine is busy is waited for, and breaks no promise', async () => {
  await using drill = await beginDrill(target, 'node-lost', { replicas: 3, streams: [orders] });
  const { step } = drill;
  const nc = await connect({ servers: (drill.asset.environment()['NATS_URL'] ?? '').split(',') });
  onTestFinished(async () => await nc.close());
  const jsm = await jetstreamManager(nc);
  const replicas = async () => (await jsm.streams.info(`orders_${drill.drillId}`)).cluster?.replicas ?? [];
  const lagging = await pidOf((await replicas()).find(({ name }) => name !== nc.info?.server_name)?.name ?? 'none');
  const goOn = () => process.kill(lagging, 'SIGCONT');
  using _goOn = { [Symbol.dispose]: goOn };
  process.kill(lagging, 'SIGSTOP');
  const look = async () =>
    (await replicas()).some(({ current }) => !current) ? arrived(undefined) : notYet('every copy is current');
  await waitFor({ for: 'a copy that lags', budgetMs: 60_000, look }, step.clock, step.signal);
  let isBackedUp = false;
  const backup = drill.backUp(jetstreamReplicas()).finally(() => {
    isBackedUp = true;
  });
  const looked = async () => {
    await replicas();
    return isBackedUp ? arrived(undefined) : notYet('waiting');
  };
  const early = await waitFor({ for: 'the end of the backup', budgetMs: 3_000, look: looked }, step.clock, step.signal)
    .then(() => true)
    .catch(() => false);
  goOn();

  expect((await backup).claimed).toBe(`orders_${drill.drillId}: 3 copies, all current`);
  expect(early).toBe(false);
});
