import { createServer, request } from 'node:http';
import { beforeAll, describe, expect, test } from 'vitest';
import { forEachBounded } from '../../asset-kit/bounded.ts';
import { systemClock } from '../../clock/clock.ts';
import { s3Store } from '../../systems/s3/service.ts';
import { freePort } from '../../targets/ports.ts';
import { sharedTarget } from '../../testing/shared-target.ts';
import { readAnchor, writeAnchor } from './anchor-places.ts';
import { Ledger, removeOldEntries } from './ledger.ts';
import { openLedgerStore } from './ledger-store.ts';
import { ledgerBucket } from './testing/ledger-bucket.ts';
import { entriesOfRun, madeUpLedger, never, type TestKey, testKey } from './testing/made-up-ledger.ts';
import { verifyLedger } from './verify-ledger.ts';

// A ledger in a bucket of a real S3 API, with credentials from the environment, as for users.

const s3 = await sharedTarget().place(s3Store);
const bucket = ledgerBucket(s3, 'ledger');
let key: TestKey;
let prefixes = 0;

const newAddress = (endpoint = s3.endpoint) => {
  prefixes += 1;
  return bucket.at(`team-${prefixes}/ledger`, endpoint);
};

beforeAll(async () => {
  key = await testKey('p256');
});

interface Line {
  /** Drops the condition of a write, as stores without support for it do. */
  readonly losesConditions?: boolean;
  readonly latencyMs?: number;
  /** One of this many requests is executed, but its answer is lost. */
  readonly breaksEvery?: number;
}

/** The same store behind a faulty connection. */
async function behind(
  line: Line,
): Promise<{ readonly endpoint: string; readonly broken: () => number } & AsyncDisposable> {
  let [requests, broken] = [0, 0];
  const server = createServer((asked, answer) => {
    requests += 1;
    const isLost = requests % (line.breaksEvery ?? Number.POSITIVE_INFINITY) === 0;
    const { 'if-none-match': condition, ...others } = asked.headers;
    const headers = {
      ...others,
      ...(condition === undefined || line.losesConditions ? {} : { 'if-none-match': condition }),
    };
    const passed = request(new URL(asked.url ?? '/', s3.endpoint), { method: asked.method ?? 'GET', headers });
    passed.on('response', async (answered) => {
      await systemClock.pause(line.latencyMs ?? 0, never);
      if (isLost) {
        broken += 1;
        asked.socket.destroy();
        answered.resume();
        return;
      }
      answer.writeHead(answered.statusCode ?? 502, answered.headers);
      answered.pipe(answer);
    });
    asked.pipe(passed);
  });
  const port = await freePort();
  await new Promise<void>((resolve) => void server.listen(port, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${port}`,
    broken: () => broken,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}

const append = async (at: string, runId: string) => {
  using ledger = new Ledger(await openLedgerStore(at), key.signer, systemClock);
  for (const entry of entriesOfRun({ runId })) await ledger.append(entry, {}, never);
};
const verified = async (at: string) => {
  using store = await openLedgerStore(at);
  const options = { keys: [key.public], anchors: [], nowUtc: systemClock.now().utc };
  return await verifyLedger(store, options, never);
};

describe('a ledger in a bucket', () => {
  test('takes the entries of several writers at once, and leaves a chain that verify accepts', async () => {
    const at = newAddress();
    await Promise.all(['a', 'b', 'c', 'd'].map((runId) => append(at, runId)));
    expect(await verified(at)).toMatchObject({ verdict: 'valid', entries: 12, runs: 4, faults: [] });
  });

  test('on a slow network that loses answers, takes each entry once', async () => {
    await using line = await behind({ latencyMs: 100, breaksEvery: 3 });
    const at = newAddress();
    const slow = at.replace(encodeURIComponent(s3.endpoint), encodeURIComponent(line.endpoint));
    await Promise.all(['a', 'b'].map((runId) => append(slow, runId)));
    expect(line.broken()).toBeGreaterThan(2);
    expect(await verified(at)).toMatchObject({ verdict: 'valid', entries: 6, runs: 2, faults: [] });
  });

  test('keeps ledgers apart that share a bucket', async () => {
    const [one, other] = [newAddress(), newAddress()];
    await append(one, 'a');
    expect((await verified(other)).verdict).toBe('empty');
  });

  test('reads more entries than S3 lists at once, and removes old ones behind a checkpoint', async () => {
    const { store: made, clock } = await madeUpLedger(340, key.signer);
    using ledger = new Ledger(await openLedgerStore(newAddress()), key.signer, clock);
    await forEachBounded(made.files, 32, async ([name, bytes]) => {
      expect(await ledger.store.create(name, bytes, never)).toBe(true);
    });
    const nowUtc = clock.now().utc;
    const options = { keys: [key.public], anchors: [], nowUtc };
    expect(await verifyLedger(ledger.store, options, never)).toMatchObject({ verdict: 'valid', entries: 1_020 });
    expect(await removeOldEntries(ledger, { keepDays: 100, nowUtc }, never)).toMatchObject({ count: 720 });
    expect(await verifyLedger(ledger.store, options, never)).toMatchObject({
      verdict: 'valid',
      entries: 301,
      faults: [],
    });
  });

  test('refuses a store that replaces objects although it must not', async () => {
    await using line = await behind({ losesConditions: true });
    const ledger = append(newAddress(line.endpoint), 'a');
    await expect(ledger).rejects.toThrow(/expected a store that refuses to replace an object .*, but it replaced one/);
  });

  test.each([
    ['a bucket that is not there', () => newAddress().replace(bucket.name, 'no-such-bucket'), 'NoSuchBucket'],
    ['an endpoint where nobody answers', () => newAddress('http://127.0.0.1:9'), 'ECONNREFUSED'],
  ])('of %s says so in one message', async (_what, at, observed) => {
    await expect(append(at(), 'a')).rejects.toThrow(
      new RegExp(`^ledger s3://.*: expected a bucket that answers, but .*${observed}`),
    );
  });
});

test('an anchor in a bucket is read back, and never replaced', async () => {
  const place = bucket.at('anchors/1.json');
  const digest = `sha256:${'a'.repeat(64)}`;
  const anchor = {
    anchorOf: 'dr-contracts ledger',
    version: 1,
    sequence: 3,
    digest,
    at: '2026-01-01T00:00:00.000Z',
  } as const;
  const written = await writeAnchor(place, anchor, '/', never);
  expect(await readAnchor(written, '/', never)).toEqual({ ...anchor, place: written });
  await expect(writeAnchor(place, anchor, '/', never)).rejects.toThrow('an object is there');
});
