import { describe, expect, it } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import { ManualClock } from '../clock/testing/manual-clock.ts';
import {
  arrived,
  endedByHopelessErrors,
  HopelessError,
  isHopelessText,
  notYet,
  type Wait,
  WaitTimeoutError,
  waitFor,
} from './wait.ts';

const never = new AbortController().signal;
const wait = <T>(look: Wait<T>['look'], budgetMs = 40): Wait<T> => ({
  for: 'the door to open',
  budgetMs,
  intervalMs: 1,
  look,
});

describe('a wait', () => {
  it('resolves with the value as soon as a look finds it', async () => {
    let looks = 0;
    const value = await waitFor(
      wait(async () => {
        looks += 1;
        return looks < 3 ? notYet('closed') : arrived('open');
      }, 10_000),
      systemClock,
      never,
    );
    expect([value, looks]).toEqual(['open', 3]);
  });

  it('says at its time-out what it waited for and what was last seen', async () => {
    const failure = await waitFor(
      wait(async () => notYet('ajar')),
      systemClock,
      never,
    ).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(WaitTimeoutError);
    expect(String(failure)).toContain('waited 40 ms for the door to open; last seen: ajar');
  });

  it('keeps the error of a look that throws as the cause of the time-out', async () => {
    const jammed = new Error('jammed');
    const failure = await waitFor(
      wait(() => Promise.reject(jammed)),
      systemClock,
      never,
    ).catch((error: unknown) => error);
    expect(failure).toMatchObject({ lastSeen: 'jammed', cause: jammed });
  });

  it('looks every 50 ms at first, then less often, and never more than 250 ms apart', async () => {
    const clock = new ManualClock();
    const looksAtMs: number[] = [];
    const long: Wait<never> = {
      for: 'the door to open',
      budgetMs: 60_000,
      look: async () => {
        looksAtMs.push(clock.monotonicMs() - beganMs);
        return notYet('closed');
      },
    };
    const beganMs = clock.monotonicMs();
    const failure = await clock.drive(waitFor(long, clock, never).catch((error: unknown) => error));
    expect(failure).toBeInstanceOf(WaitTimeoutError);
    const pausesMs = looksAtMs.slice(1).map((atMs, index) => atMs - (looksAtMs[index] ?? 0));
    expect(pausesMs.slice(0, 50)).toEqual(Array(50).fill(50));
    for (const [index, pauseMs] of pausesMs.slice(0, -1).entries()) {
      expect(pauseMs).toBeCloseTo(Math.min(Math.max((looksAtMs[index] ?? 0) / 50, 50), 250), 6);
    }
    expect(Math.max(...pausesMs)).toBeCloseTo(250, 6);
  });

  it('is not held up by a look that never ends and ignores its signal', async () => {
    const failure = await waitFor(
      wait(() => new Promise(() => undefined)),
      systemClock,
      never,
    ).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(WaitTimeoutError);
  });

  it('ends at once when more looking cannot help', async () => {
    const dead = new HopelessError('the process died');
    await expect(
      waitFor(
        wait(() => Promise.reject(dead), 60_000),
        systemClock,
        never,
      ),
    ).rejects.toBe(dead);
  });

  it('rejects with the reason of the signal that aborts it', async () => {
    const abort = new AbortController();
    const stopped = new Error('stopped by the operator');
    const waiting = waitFor(
      wait(async () => notYet('closed'), 60_000),
      systemClock,
      abort.signal,
    );
    abort.abort(stopped);
    await expect(waiting).rejects.toBe(stopped);
  });
});

const errorWith = (fields: object) => Object.assign(new Error('it failed'), fields);

/** Returns what a wait that hopeless errors end throws when its look throws that error. */
const thrownAfter = async (error: Error): Promise<unknown> =>
  await endedByHopelessErrors(wait(() => Promise.reject(error)))
    .look(never)
    .catch((thrown: unknown) => thrown);

describe('an error', () => {
  it.each([
    ['a client with settings that exclude each other', { name: 'EndpointError' }],
    ['credentials that S3 refuses', { name: 'AccessDenied', $metadata: { httpStatusCode: 403 } }],
    ['credentials that NATS refuses', { name: 'AuthorizationError' }],
    ['an unknown host', { code: 'ENOTFOUND' }],
    ['an address that is none', { code: 'ERR_INVALID_URL' }],
  ])('E08: of %s is mended by no waiting, as a cause as well', async (_, fields) => {
    for (const error of [errorWith(fields), new Error('outer', { cause: errorWith(fields) })]) {
      const thrown = await thrownAfter(error);
      expect(thrown).toBeInstanceOf(HopelessError);
      expect(thrown).toMatchObject({ cause: error });
    }
  });

  it.each([
    ['a server that does not listen yet', { code: 'ECONNREFUSED' }],
    ['a name server that is busy', { code: 'EAI_AGAIN' }],
    ['a server that is still starting', { name: 'InternalError', $metadata: { httpStatusCode: 503 } }],
    ['a bucket that is not there yet', { name: 'NoSuchBucket', $metadata: { httpStatusCode: 404 } }],
  ])('of %s may be mended', async (_, fields) => {
    const error = errorWith(fields);
    expect(await thrownAfter(error)).toBe(error);
  });

  it('is known from what Velero says of its storage location', () => {
    expect(isHopelessText('rpc error: api error InvalidAccessKeyId: the key is unknown')).toBe(true);
    expect(isHopelessText('dial tcp: lookup minio.example: no such host')).toBe(true);
    expect(isHopelessText('dial tcp 127.0.0.1:9000: connect: connection refused')).toBe(false);
  });
});

describe('a wait that hopeless errors end', () => {
  it('E08: is over with the first of them, which it names', async () => {
    let looks = 0;
    const wait = endedByHopelessErrors({
      for: 'the bucket',
      budgetMs: 60_000,
      look: async () => {
        looks += 1;
        throw errorWith({ name: 'EndpointError' });
      },
    });
    const error = await waitFor(wait, systemClock, new AbortController().signal).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(HopelessError);
    expect(String(error)).toContain('the bucket');
    expect(String(error)).toContain('it failed');
    expect(looks).toBe(1);
  });

  it('goes on through any other error', async () => {
    let looks = 0;
    const wait = endedByHopelessErrors({
      for: 'the bucket',
      budgetMs: 60_000,
      intervalMs: 1,
      look: async () => {
        looks += 1;
        if (looks === 1) throw errorWith({ code: 'ECONNREFUSED' });
        return arrived('there');
      },
    });
    await expect(waitFor(wait, systemClock, new AbortController().signal)).resolves.toBe('there');
  });
});
