import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { expect, onTestFinished, test } from 'vitest';
import { s3Client } from '../../clients/s3.ts';
import type { Clock } from '../../clock/clock.ts';
import { answered, NoAnswerError, repliedTo, replyTo } from './replies.ts';

const { signal } = new AbortController();
/** A clock whose pauses take no time. */
function quickClock(): Clock {
  let nowMs = 0;
  return {
    monotonicMs: () => nowMs,
    now: () => ({ utc: new Date(nowMs).toISOString(), monotonicMs: nowMs }),
    pause: async (durationMs, until) => {
      until.throwIfAborted();
      nowMs += durationMs;
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

async function service(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function asking(endpoint: string): () => Promise<unknown> {
  const client = s3Client(
    { endpoint, region: 'us-west-2', accessKeyId: 'A', secretAccessKey: 'B' },
    { maxAttempts: 1, requestTimeoutMs: 300 },
  );
  onTestFinished(() => client.destroy());
  return async () => await client.send(new GetObjectCommand({ Bucket: 'b', Key: 'k' }), { abortSignal: signal });
}

const xml = (code: string) => `<?xml version="1.0"?><Error><Code>${code}</Code><Message>m</Message></Error>`;

test.each([
  [200, 'content', 'done'],
  [403, xml('AccessDenied'), 'refused'],
  [403, xml('InvalidAccessKeyId'), 'refused'],
  [401, '', 'refused'],
  [400, xml('ExpiredToken'), 'refused'],
  [404, xml('NoSuchKey'), 'other'],
  [500, xml('InternalError'), 'none'],
  [503, xml('SlowDown'), 'none'],
  [503, '', 'none'],
  [502, '<html><body>Bad gateway</body>', 'none'],
  [504, 'plain text', 'none'],
  [429, xml('TooManyRequests'), 'none'],
] as const)('a service that answers %s %s says "%s" about the key', async (status, body, kind) => {
  const endpoint = await service((_, response) => response.writeHead(status).end(body));
  expect(await replyTo(asking(endpoint), { signal })).toMatchObject({ kind });
});

test('a service that closes the connection, hangs or is not there says nothing about the key', async () => {
  const closing = await service((request) => request.socket.destroy());
  expect(await replyTo(asking(closing), { signal })).toMatchObject({ kind: 'none' });
  const hanging = await service(() => undefined);
  expect(await replyTo(asking(hanging), { signal })).toMatchObject({ kind: 'none' });
  expect(await replyTo(asking('http://127.0.0.1:1'), { signal })).toEqual({
    kind: 'none',
    said: 'no answer (ECONNREFUSED)',
  });
});

test('it is asked again until it answers, and what it says then counts', async () => {
  let asked = 0;
  const endpoint = await service((_, response) => {
    asked += 1;
    if (asked < 4) response.writeHead(503).end();
    else response.writeHead(403).end(xml('AccessDenied'));
  });
  expect(await repliedTo(asking(endpoint), { clock: quickClock(), signal })).toMatchObject({ kind: 'refused' });
  expect(asked).toBe(4);
});

test('where it never answers, the reply says so, and requests that need an answer end with that', async () => {
  const endpoint = await service((_, response) => response.writeHead(503).end());
  expect(await repliedTo(asking(endpoint), { clock: quickClock(), signal })).toMatchObject({ kind: 'none' });
  await expect(answered(asking(endpoint), { clock: quickClock(), signal })).rejects.toThrow(NoAnswerError);
});

test('what is no answer of a service stays the error that it is', async () => {
  const failing = () => Promise.reject(new Error('a mistake of ours'));
  await expect(replyTo(failing, { signal })).rejects.toThrow('a mistake of ours');
  await expect(answered(failing, { clock: quickClock(), signal })).rejects.toThrow('a mistake of ours');
});
