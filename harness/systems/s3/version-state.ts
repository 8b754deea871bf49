import { GetObjectCommand, GetObjectTaggingCommand } from '@aws-sdk/client-s3';
import { z } from 'zod';
import type { BucketAt } from './listing.ts';
import { digestOf, streamedBody } from './streamed-body.ts';

const text = z.record(z.string(), z.string());

/** Properties of an object version that a restore has to bring back. */
export const versionStateSchema = z.object({
  sizeBytes: z.number().int().nonnegative(),
  sha256: z.string(),
  /** Content-Type, Cache-Control and similar headers, if set. */
  headers: text,
  metadata: text,
  tags: text,
  retention: z.object({ mode: z.string(), retainUntil: z.string() }).nullable(),
  legalHold: z.boolean(),
});
export type VersionState = z.infer<typeof versionStateSchema>;

const answer = z.object({
  Body: streamedBody,
  ContentType: z.string().optional(),
  CacheControl: z.string().optional(),
  ContentDisposition: z.string().optional(),
  ContentEncoding: z.string().optional(),
  ContentLanguage: z.string().optional(),
  WebsiteRedirectLocation: z.string().optional(),
  Metadata: text.default({}),
  TagCount: z.number().default(0),
  ObjectLockMode: z.string().optional(),
  ObjectLockRetainUntilDate: z.date().optional(),
  ObjectLockLegalHoldStatus: z.string().optional(),
});
const tagging = z.object({ TagSet: z.array(z.object({ Key: z.string(), Value: z.string() })) });

/** Reads one version completely (by default the current one), as a stream, and returns its state with a digest. */
export async function readVersionState(
  at: BucketAt,
  version: { readonly key: string; readonly versionId?: string },
  signal: AbortSignal,
): Promise<VersionState> {
  const named = { Bucket: at.bucket, Key: version.key, VersionId: version.versionId };
  const object = answer.parse(await at.client.send(new GetObjectCommand(named), { abortSignal: signal }));
  const { sizeBytes, sha256 } = await digestOf(object.Body);
  const tags =
    object.TagCount === 0
      ? []
      : tagging.parse(await at.client.send(new GetObjectTaggingCommand(named), { abortSignal: signal })).TagSet;
  const { ObjectLockMode: mode, ObjectLockRetainUntilDate: retainUntil } = object;
  return {
    sizeBytes,
    sha256,
    headers: sortedRecord([
      ['content-type', object.ContentType],
      ['cache-control', object.CacheControl],
      ['content-disposition', object.ContentDisposition],
      ['content-encoding', object.ContentEncoding],
      ['content-language', object.ContentLanguage],
      ['website-redirect-location', object.WebsiteRedirectLocation],
    ]),
    metadata: sortedRecord(Object.entries(object.Metadata)),
    tags: sortedRecord(tags.map(({ Key, Value }) => [Key, Value])),
    retention:
      mode === undefined || retainUntil === undefined ? null : { mode, retainUntil: retainUntil.toISOString() },
    legalHold: object.ObjectLockLegalHoldStatus === 'ON',
  };
}

/** Gives equal content the same form: sorted by name, without unset values. */
function sortedRecord(entries: readonly (readonly [string, string | undefined])[]): Record<string, string> {
  const present = entries.filter((entry): entry is readonly [string, string] => entry[1] !== undefined);
  return Object.fromEntries(present.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
