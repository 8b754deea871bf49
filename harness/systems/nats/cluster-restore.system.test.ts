import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AckPolicy, type ConsumerConfig, type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, createInbox, type Msg, type NatsConnection, nanos, TimeoutError } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { script } from '../../procedures/script.ts';
import { sharedTarget } from '../../testing/shared-target.ts';
import type { SmallDrill } from '../../testing/small-drill.ts';
import { arrived, notYet, waitFor } from '../../wait/wait.ts';
import { beginDrill, scripts } from './testing.ts';

const target = sharedTarget();
const consumer = { durable: 'ledger', acknowledged: 0.5 };
const orders = { name: 'orders', subjects: ['orders.paid'], messages: 60, consumer };
const jobs = { ...orders, name: 'jobs', subjects: ['jobs.mail'], retention: 'workqueue' } as const;
const explicit = { ack_policy: AckPolicy.Explicit, ack_wait: nanos(3_600_000), filter_subject: '*.orders.paid' };

/** A nats command with the answers of a cluster that has just elected its leaders: at first it delivers and counts no messages. */
const youngCluster = `
nats() {
  if [ "$1 $2" = 'consumer next' ] && [ ! -e "$WORK_DIR/asked" ]; then
    : >"$WORK_DIR/asked"
    echo 'nats: error: no responders available for request' >&2
    return 1
  elif [ "$1 $2" = 'consumer state' ]; then
    command nats "$@" | sed -E 's/"num_pending": *[0-9]+/"num_pending": 23/'
  else
    command nats "$@"
  fi
}
`;

/**
 * The nats command as a cluster answers while the server that leads the consumer waits for its copy of the stream: it counts nothing and
 * delivers nothing. That lasts for so many looks, of 0.2 s at least. On a busy machine a look takes seconds, and the script gives up after 60.
 */
const lateCopy = (looks: number) => `
nats() {
  [ "$1 $2" != 'consumer state' ] || echo look >>"$WORK_DIR/looks"
  if [ ! -e "$WORK_DIR/looks" ] || [ "$(wc -l <"$WORK_DIR/looks")" -gt ${looks} ]; then
    command nats "$@"
  elif [ "$1 $2" = 'consumer next' ]; then
    echo 'nats: error: no message received: nats: timeout' >&2
    return 1
  elif [ "$1 $2" = 'consumer state' ]; then
    command nats "$@" | sed -E 's/"num_pending": *[0-9]+/"num_pending": 0/'
  else
    command nats "$@"
  fi
}
`;

/** The nats command beside workers who finish jobs 8 to 37 after the consumers are noted and before the snapshot is taken. */
const busyWorkers = `
nats() {
  if [ "$1 $2" = 'backup stream' ]; then
    for job in 8 13 18 23 28 {31..37}; do command nats stream rmm --force "$5" "$job" >&2; done
  fi
  command nats "$@"
}
`;

/** The nats command of a server that describes no consumer, and lists them once. */
const silentServer = `
nats() {
  if [ "$1 $2" = 'consumer state' ] || { [ "$1 $2" = 'consumer ls' ] && [ -e "$WORK_DIR/listed" ]; }; then
    echo 'nats: error: context deadline exceeded' >&2
    return 1
  fi
  [ "$1 $2" != 'consumer ls' ] || : >"$WORK_DIR/listed"
  command nats "$@"
}
`;

/** A script of the platform that calls this command instead of nats. */
async function scriptWith(
  nats: string,
  name: 'nats-backup.sh' | 'nats-restore.sh',
  { step }: SmallDrill,
  change = (text: string) => text,
): Promise<string> {
  const path = join(step.scratchDir, name);
  const [head, ...rest] = (await readFile(`fixtures/platform/scripts/${name}`, 'utf8')).split('set -euo pipefail\n');
  await writeFile(path, change([head, nats, ...rest].join('set -euo pipefail\n')), { mode: 0o755 });
  return path;
}

async function clientOf(drill: SmallDrill) {
  const nc = await connect({ servers: (drill.asset.environment()['NATS_URL'] ?? '').split(',') });
  return { nc, jsm: await jetstreamManager(nc), js: jetstream(nc), [Symbol.asyncDispose]: () => nc.close() };
}

/**
 * Returns the answer of the consumer's leader, once the connected server knows that leader. It uses its own subscription: a stream's
 * message arrives under its own subject, which a request does not accept as an answer.
 */
async function answerTo(subject: string, body: string, nc: NatsConnection, { step }: SmallDrill): Promise<Msg> {
  const look = async () => {
    const inbox = createInbox();
    const answers = nc.subscribe(inbox, { max: 1, timeout: 5_000 });
    nc.publish(subject, body, { reply: inbox });
    try {
      for await (const answer of answers) {
        return answer.headers?.code === 503 ? notYet('nobody leads the consumer') : arrived(answer);
      }
    } catch (error) {
      // A request during a change of leader gets no answer.
      if (!(error instanceof TimeoutError)) throw error;
      return notYet('no answer within five seconds');
    }
    return notYet('the subscription ended');
  };
  return await waitFor({ for: `an answer to ${subject}`, budgetMs: 60_000, look }, step.clock, step.signal);
}

async function positionOf(jsm: JetStreamManager, stream: string, durable: string) {
  const { delivered, ack_floor, num_ack_pending } = await jsm.consumers.info(stream, durable);
  return { delivered: delivered.stream_seq, floor: ack_floor.stream_seq, unacknowledged: num_ack_pending };
}

test('what was delivered and not acknowledged on three servers is so again after the restore', async () => {
  await using drill = await beginDrill(target, 'server-lost', { replicas: 3, streams: [orders] });
  const point = await drill.backUp();
  await drill.strike();
  const { warnings } = await drill.restore(point);
  const comparison = await drill.compare();

  expect({ differences: comparison.firstDifferences, warnings }).toEqual({ differences: [], warnings: [] });
  expect(comparison.items).toContainEqual(expect.objectContaining({ kind: 'consumers', expected: 1, matched: 1 }));
});

test('a restore without that is noticed: the consumer is there, at its ack floor', async () => {
  await using drill = await beginDrill(target, 'server-lost', { replicas: 3, streams: [orders] });
  const restore = join(drill.step.scratchDir, 'restore.sh');
  const platformRestore = await readFile('fixtures/platform/scripts/nats-restore.sh', 'utf8');
  const careless = platformRestore.replace(/# After all of the data is back\.\n[\s\S]*\ndone\n/, '');
  expect(careless).not.toBe(platformRestore);
  await writeFile(restore, careless, { mode: 0o755 });
  const point = await drill.backUp();
  await drill.strike();
  await drill.restore(point, script({ ...scripts, restore }));
  const { firstDifferences } = await drill.compare();

  expect(firstDifferences.map(({ field }) => field)).toEqual(['delivered', 'delivered and unacknowledged']);
});

test.each([
  ['the consumer has no leader yet and its counts are behind', youngCluster],
  ['the server that leads the consumer has no copy of the stream yet', lateCopy(10)],
])('the restore tries again while %s', async (_, nats) => {
  await using drill = await beginDrill(target, 'server-lost', { replicas: 3, streams: [orders] });
  const restore = await scriptWith(nats, 'nats-restore.sh', drill);
  const point = await drill.backUp();
  await drill.strike();
  const { warnings } = await drill.restore(point, script({ ...scripts, restore }));
  const comparison = await drill.compare();

  expect({ differences: comparison.firstDifferences, warnings }).toEqual({ differences: [], warnings: [] });
});

test('a copy of the stream that does not arrive fails the restore, which says what it saw last', async () => {
  await using drill = await beginDrill(target, 'server-lost', { replicas: 3, streams: [orders] });
  const restore = await scriptWith(lateCopy(1_000), 'nats-restore.sh', drill, (text) => {
    const impatient = text.replace(/(left seen name=.*SECONDS \+) 60/, '$1 2');
    expect(impatient).not.toBe(text);
    return impatient;
  });
  const point = await drill.backUp();
  await drill.strike();

  await expect(drill.restore(point, script({ ...scripts, restore }))).rejects.toThrow(
    /consumer ledger of stream orders_\w+: expected 7 unacknowledged messages, .* last seen: 0; message 31 /,
  );
});

test('jobs that were done between the note of the consumers and the snapshot are not waited for, and no other job is taken', async () => {
  await using drill = await beginDrill(target, 'server-lost', { replicas: 3, streams: [jobs] });
  const backup = await scriptWith(busyWorkers, 'nats-backup.sh', drill);
  const point = await drill.backUp(script({ ...scripts, backup }));
  await drill.strike();
  const { warnings } = await drill.restore(point);

  await using after = await clientOf(drill);
  const position = await positionOf(after.jsm, `jobs_${drill.drillId}`, 'ledger');
  expect({ position, warnings }).toEqual({ position: { delivered: 3, floor: 2, unacknowledged: 1 }, warnings: [] });
});

test('a backup fails when a consumer is silent and nothing says that it has gone', async () => {
  await using drill = await beginDrill(target, 'server-lost', { streams: [orders] });
  const backup = await scriptWith(silentServer, 'nats-backup.sh', drill);

  await expect(drill.backUp(script({ ...scripts, backup }))).rejects.toThrow(
    /the consumers of stream orders_\w+ cannot be listed/,
  );
});

test('a worker acknowledges what it was given before the disaster, and nobody is given it again', async () => {
  await using drill = await beginDrill(target, 'server-lost', { replicas: 3, streams: [orders, jobs] });
  const [ordersStream, jobsStream] = [`orders_${drill.drillId}`, `jobs_${drill.drillId}`];
  const acknowledgements: string[] = [];
  {
    await using before = await clientOf(drill);
    await before.jsm.consumers.add(ordersStream, { ...explicit, durable_name: 'late' });
    const next = `$JS.API.CONSUMER.MSG.NEXT.${ordersStream}.late`;
    for (let count = 0; count < 4; count += 1)
      acknowledgements.push((await answerTo(next, '1', before.nc, drill)).reply ?? '');
    expect(await positionOf(before.jsm, jobsStream, 'ledger')).toEqual({
      delivered: 37,
      floor: 2,
      unacknowledged: 13,
    });
  }
  const point = await drill.backUp();
  await drill.strike();
  await drill.restore(point);

  await using after = await clientOf(drill);
  for (const subject of acknowledgements) await answerTo(subject, '+ACK', after.nc, drill);
  expect(await positionOf(after.jsm, ordersStream, 'late')).toEqual({ delivered: 4, floor: 4, unacknowledged: 0 });
  const workers = await after.js.consumers.get(jobsStream, 'ledger');
  expect((await workers.info()).num_ack_pending).toBe(13);
  expect((await workers.next())?.seq).toBe(38);
});

test.each<[string, Partial<ConsumerConfig>, string]>([
  ['acknowledged out of order', {}, 'what was acknowledged out of order is delivered again'],
  ['pushed', { deliver_subject: 'nobody.listens' }, 'it pushes or is at work already'],
])('where messages were %s, the restore says what is delivered again', async (_, config, warning) => {
  await using drill = await beginDrill(target, 'server-lost', { replicas: 3, streams: [orders] });
  const stream = `orders_${drill.drillId}`;
  {
    await using before = await clientOf(drill);
    await before.jsm.consumers.add(stream, { ...explicit, ...config, durable_name: 'extra' });
    if (config.deliver_subject === undefined) {
      const extra = await before.js.consumers.get(stream, 'extra');
      for await (const message of await extra.fetch({ max_messages: 10 })) if (message.seq % 2 === 0) message.ack();
    } else {
      const pushed = before.nc.subscribe(config.deliver_subject, { max: 10 });
      for await (const _message of pushed);
    }
    await before.nc.flush();
    expect((await positionOf(before.jsm, stream, 'extra')).unacknowledged).toBeGreaterThan(4);
  }
  const point = await drill.backUp();
  await drill.strike();
  const { warnings } = await drill.restore(point);

  expect(warnings).toEqual([expect.stringContaining(`consumer extra of stream ${stream} goes on after message`)]);
  expect(warnings.join()).toContain(warning);
});
