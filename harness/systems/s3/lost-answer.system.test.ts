import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListBucketsCommand } from '@aws-sdk/client-s3';
import { expect, onTestFinished, test } from 'vitest';
import { s3Client } from '../../clients/s3.ts';
import { systemClock } from '../../clock/clock.ts';
import { Secrets } from '../../model/secrets.ts';
import { sharedTarget } from '../../testing/shared-target.ts';
import { withPlace } from '../../testing/with-place.ts';
import { bucket } from './kind.ts';
import { s3Store } from './service.ts';

const target = sharedTarget();

/** Passes every request to the real S3, and drops every answer to CreateBucket after the request has taken effect. */
async function losingAnswers(endpoint: string) {
  const lost: string[] = [];
  const proxy = createServer((incoming, outgoing) => {
    const { method, url = '/', headers } = incoming;
    const passedOn = request(new URL(url, endpoint), { method, headers }, (answer) => {
      const isCreation = method === 'PUT' && /^\/[^/?]+\/?$/.test(url);
      if (!isCreation) {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
        return;
      }
      lost.push(`${answer.statusCode} ${url}`);
      answer.resume().once('end', () => incoming.socket.destroy());
    });
    passedOn.once('error', () => incoming.socket.destroy());
    incoming.pipe(passedOn);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  onTestFinished(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  const address = proxy.address();
  if (typeof address !== 'object' || address === null) throw new Error('the proxy has no port');
  return { endpoint: `http://127.0.0.1:${address.port}`, lost };
}

test.each(['objects-deleted', 'region-lost'])(
  'B27: a bucket that was created although the answer was lost is removed (%s)',
  async (disaster) => {
    const { endpoint, lost } = await losingAnswers((await target.place(s3Store)).endpoint);
    const scratchDir = await mkdtemp(join(tmpdir(), 'dr-lost-answer-'));
    onTestFinished(() => rm(scratchDir, { recursive: true, force: true }));
    const signal = AbortSignal.timeout(120_000);
    const step = { clock: systemClock, signal, scratchDir, secrets: new Secrets(), progress: () => undefined };
    const drillId = `t${randomBytes(4).toString('hex')}`;
    const behindProxy = withPlace(target, s3Store, { ...(await target.place(s3Store)), endpoint });
    const opening = bucket({ objects: 1 }).open({ target: behindProxy, drillId, disaster, scale: 1, step });
    await expect(opening).rejects.toThrow();

    // The first request took effect, so there was a bucket to remove.
    expect(lost[0]).toMatch(/^200 /);
    const client = s3Client(await target.place(s3Store));
    onTestFinished(() => client.destroy());
    const { Buckets = [] } = await client.send(new ListBucketsCommand(), { abortSignal: signal });
    expect(Buckets.filter(({ Name }) => Name?.includes(drillId) === true)).toEqual([]);
  },
);
