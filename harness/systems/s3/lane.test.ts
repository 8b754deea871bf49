import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { s3Client } from '../../clients/s3.ts';
import { IndeterminateWriteError } from '../../model/errors.ts';
import { objectLane } from './lane.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

/** Starts a server that fails in one way; without `answer`, the server has stopped listening. */
async function laneOnto(answer: ((status: (code: number) => void, hangUp: () => void) => void) | undefined) {
  const fault = createServer((request, response) => {
    request.resume();
    const status = (code: number) => request.once('end', () => response.writeHead(code).end());
    answer?.(status, () => request.socket.destroy());
  });
  server = fault;
  fault.listen(0, '127.0.0.1');
  await once(fault, 'listening');
  const address = fault.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  if (answer === undefined) {
    fault.close();
    await once(fault, 'close');
  }
  const endpoint = `http://127.0.0.1:${port}`;
  const place = { endpoint, region: 'us-west-2', accessKeyId: 'a', secretAccessKey: 'b', backupBucket: 'c' };
  return objectLane({ client: s3Client(place, { maxAttempts: 1 }), bucket: 'bucket' });
}

const outcome = (lane: Awaited<ReturnType<typeof laneOnto>>, signal = new AbortController().signal) =>
  lane.write(1, 'body', signal).then(
    () => 'acknowledged',
    (error: unknown) => (error instanceof IndeterminateWriteError ? 'indeterminate' : 'refused'),
  );

test.each([
  [200, 'acknowledged'],
  [403, 'refused'],
  [404, 'refused'],
  [503, 'refused'],
  [500, 'indeterminate'],
])('an answer of %i is %s', async (code, expected) => {
  expect(await outcome(await laneOnto((status) => status(code)))).toBe(expected);
});

test('a connection lost after sending leaves the marker indeterminate', async () => {
  expect(await outcome(await laneOnto((_, hangUp) => hangUp()))).toBe('indeterminate');
});

test('a time-out after sending leaves the marker indeterminate', async () => {
  const timeOut = new AbortController();
  const lane = await laneOnto(() => timeOut.abort(new Error('no answer in time')));
  expect(await outcome(lane, timeOut.signal)).toBe('indeterminate');
});

test('nothing was sent to a server that is not there', async () => {
  expect(await outcome(await laneOnto(undefined))).toBe('refused');
});
