import { ExplainedError } from '../../model/errors.ts';

/** A place in a bucket, as the user writes it. */
export interface BucketAddress {
  readonly bucket: string;
  /** Without a slash at either end; empty for the whole bucket. */
  readonly path: string;
  /** What the user's AWS settings say when left out. */
  readonly region: string | undefined;
  readonly endpoint: string | undefined;
  /** One version of an object: what object lock keeps from being changed. */
  readonly versionId: string | undefined;
}

const PARTS = ['region', 'endpoint', 'versionId'];

/** `s3://bucket/prefix?region=…&endpoint=…`. @throws {ExplainedError} for anything else. */
export function parseBucketAddress(at: string): BucketAddress {
  const wrong = (observed: string) =>
    new ExplainedError({
      thing: `address ${at}`,
      expected: 's3://bucket/prefix, with ?region=… and &endpoint=… where the AWS settings do not say',
      observed,
      nextStep: 'Correct the address.',
    });
  if (!URL.canParse(at)) throw wrong('it is no URL');
  const { protocol, hostname, pathname, searchParams, username, hash, port } = new URL(at);
  if (protocol !== 's3:' || hostname === '') throw wrong('it names no bucket');
  if (username !== '' || hash !== '' || port !== '') throw wrong('it holds more than a bucket and a prefix');
  const unknown = [...searchParams.keys()].filter((key) => !PARTS.includes(key));
  if (unknown.length > 0) throw wrong(`it has an unknown part "${unknown[0]}"`);
  const endpoint = searchParams.get('endpoint') ?? undefined;
  if (endpoint !== undefined && !/^https?:$/.test(URL.parse(endpoint)?.protocol ?? ''))
    throw wrong(`its endpoint "${endpoint}" is no http address`);
  return {
    bucket: hostname,
    path: decodeURIComponent(pathname).replaceAll(/^\/+|\/+$/g, ''),
    region: searchParams.get('region') ?? undefined,
    endpoint,
    versionId: searchParams.get('versionId') ?? undefined,
  };
}
