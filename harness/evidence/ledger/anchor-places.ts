import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { explainingBucket, statusOf, userBucketClient } from '../../clients/user-bucket.ts';
import { ExplainedError, summaryOf } from '../../model/errors.ts';
import { git } from '../../process/git.ts';
import { explaining } from '../../reporting/system-error.ts';
import { type Anchor, anchorSchema, type PlacedAnchor } from './anchor.ts';
import { type BucketAddress, parseBucketAddress } from './bucket-store.ts';

const TAG = /^git-tag:([\w.][\w./-]*)$/;
/** Maximum size of an anchor, which has some 200 bytes. */
const MOST_CHARACTERS = 10_000;

/**
 * Writes an anchor to a place: a new file, an object of S3, or an annotated tag of the git repository in `folder`. It replaces nothing.
 * @returns the place as `verify --anchor` takes it.
 * @throws {ExplainedError} when the place already exists or cannot be written.
 */
export async function writeAnchor(place: string, anchor: Anchor, folder: string, signal: AbortSignal): Promise<string> {
  const text = `${JSON.stringify(anchor)}\n`;
  const tag = tagIn(place);
  if (tag !== undefined) {
    await git(folder, ['tag', '--annotate', '--message', text, '--', tag], signal);
    return place;
  }
  if (place.startsWith('s3:')) return await putAnchor(place, text, signal);
  const path = resolve(folder, place);
  await explaining(`anchor ${path}`, () => writeFile(path, text, { flag: 'wx', flush: true }));
  return place;
}

/** Reads an anchor. @throws {ExplainedError} when there is none, or it cannot be read. */
export async function readAnchor(place: string, folder: string, signal: AbortSignal): Promise<PlacedAnchor> {
  const text = await readText(place, folder, signal);
  const wrong = (observed: string, cause?: unknown) =>
    new ExplainedError(
      {
        thing: `anchor ${place}`,
        expected: 'the number and digest of an entry, as `dr-contracts anchor` writes them',
        observed,
        nextStep: `Name a place to which \`npx dr-contracts anchor --to ${place.startsWith('git-tag:') ? 'git-tag:NAME' : 'PLACE'}\` wrote.`,
      },
      { cause },
    );
  if (text.length > MOST_CHARACTERS) throw wrong(`it has ${text.length} characters`);
  try {
    return { ...anchorSchema.parse(JSON.parse(text)), place };
  } catch (error) {
    throw wrong(error instanceof SyntaxError ? 'it is not JSON' : summaryOf(error), error);
  }
}

async function readText(place: string, folder: string, signal: AbortSignal): Promise<string> {
  const tag = tagIn(place);
  if (tag !== undefined) {
    const listed = await git(
      folder,
      ['tag', '--list', '--format=%(objecttype) %(contents:subject)', '--', tag],
      signal,
    );
    const [, type, text = ''] = /^(\S+) (.*)$/s.exec(listed.trim()) ?? [];
    if (type === 'tag' && text.startsWith('{')) return text;
    throw new ExplainedError({
      thing: `anchor ${place}`,
      expected: 'an annotated tag whose message is the anchor, as `dr-contracts anchor` makes it',
      observed:
        listed.trim() === ''
          ? 'there is no such tag here'
          : type === 'tag'
            ? 'its message is not an anchor'
            : 'it is a tag without a message',
      nextStep: `Make one with \`npx dr-contracts anchor --to git-tag:NAME\` and push it; if it was made elsewhere, run \`git fetch --tags\` first.`,
    });
  }
  if (place.startsWith('s3:')) return await getAnchor(place, signal);
  const path = resolve(folder, place);
  return await explaining(`anchor ${path}`, () => readFile(path, 'utf8'));
}

/** Returns the tag's name; undefined for another place. @throws {ExplainedError} for `git-tag:` with an invalid tag name. */
function tagIn(place: string): string | undefined {
  if (!place.startsWith('git-tag:')) return undefined;
  const [, tag] = TAG.exec(place) ?? [];
  if (tag !== undefined) return tag;
  throw new ExplainedError({
    thing: `anchor ${place}`,
    expected: 'git-tag:NAME with letters, digits, dots, slashes and hyphens',
    observed: 'the name has other characters',
    nextStep: 'Choose another name.',
  });
}

interface AnchorObject {
  readonly address: BucketAddress;
  readonly thing: string;
}

function objectAt(place: string): AnchorObject {
  const address = parseBucketAddress(place);
  if (address.path !== '') return { address, thing: `anchor s3://${address.bucket}/${address.path}` };
  throw new ExplainedError({
    thing: `anchor ${place}`,
    expected: 's3://bucket/key',
    observed: 'it names no key',
    nextStep: 'Add the name of the object, e.g. anchors/2026-11-28.json.',
  });
}

async function putAnchor(place: string, text: string, signal: AbortSignal): Promise<string> {
  const { address, thing } = objectAt(place);
  const client = userBucketClient(address);
  try {
    return await explainingBucket(thing, signal, async () => {
      const put = {
        Bucket: address.bucket,
        Key: address.path,
        Body: text,
        IfNoneMatch: '*',
        ContentType: 'application/json',
      };
      const { VersionId } = await client.send(new PutObjectCommand(put), { abortSignal: signal }).catch((error) => {
        if (statusOf(error) !== 412) throw error;
        throw new ExplainedError({
          thing,
          expected: 'a key that is not there yet',
          observed: 'an object is there',
          nextStep: 'Choose another key, e.g. with the date in it.',
        });
      });
      // Object lock keeps a version, not a name: a later object of the same name would hide it.
      if (VersionId === undefined) return place;
      return `${place}${place.includes('?') ? '&' : '?'}versionId=${encodeURIComponent(VersionId)}`;
    });
  } finally {
    client.destroy();
  }
}

async function getAnchor(place: string, signal: AbortSignal): Promise<string> {
  const { address, thing } = objectAt(place);
  const client = userBucketClient(address);
  const { bucket: Bucket, path: Key, versionId } = address;
  try {
    return await explainingBucket(thing, signal, async () => {
      const get = { Bucket, Key, ...(versionId === undefined ? {} : { VersionId: versionId }) };
      const { Body } = await client.send(new GetObjectCommand(get), { abortSignal: signal });
      return (await Body?.transformToString()) ?? '';
    });
  } finally {
    client.destroy();
  }
}
