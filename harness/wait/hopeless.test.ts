import { describe, expect, it } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import { endedByHopelessErrors, isHopeless, isHopelessText } from './hopeless.ts';
import { arrived, HopelessError, waitFor } from './wait.ts';

const errorWith = (fields: object) => Object.assign(new Error('it failed'), fields);

describe('an error', () => {
  it.each([
    ['a client with settings that exclude each other', { name: 'EndpointError' }],
    ['credentials that S3 refuses', { name: 'AccessDenied', $metadata: { httpStatusCode: 403 } }],
    ['credentials that NATS refuses', { name: 'AuthorizationError' }],
    ['an unknown host', { code: 'ENOTFOUND' }],
    ['an address that is none', { code: 'ERR_INVALID_URL' }],
  ])('E08: of %s is mended by no waiting, as a cause as well', (_, fields) => {
    expect(isHopeless(errorWith(fields))).toBe(true);
    expect(isHopeless(new Error('outer', { cause: errorWith(fields) }))).toBe(true);
  });

  it.each([
    ['a server that does not listen yet', { code: 'ECONNREFUSED' }],
    ['a name server that is busy', { code: 'EAI_AGAIN' }],
    ['a server that is still starting', { name: 'InternalError', $metadata: { httpStatusCode: 503 } }],
    ['a bucket that is not there yet', { name: 'NoSuchBucket', $metadata: { httpStatusCode: 404 } }],
  ])('of %s may be mended', (_, fields) => {
    expect(isHopeless(errorWith(fields))).toBe(false);
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
