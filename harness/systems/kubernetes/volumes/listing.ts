import { afterwards } from '../../../base/afterwards.ts';
import type { ContentItem } from '../content.ts';
import { digestOf } from '../objects.ts';
import { MOUNT, OWN_FOLDER } from './objects.ts';
import { linesFromPod, type PodAccess } from './pod.ts';

/**
 * A folder that remains in every volume that Velero restores: its helper may not remove it (velero issue 8973).
 */
const VELERO_FOLDER = '.velero';

const FIND = `cd ${MOUNT} && find . \\( -path ./${OWN_FOLDER} -o -path ./${VELERO_FOLDER} \\) -prune -o`;
const EACH = 'sort -z | xargs -0 -r -n 500';
const ATTRIBUTES = `${FIND} -print0 | ${EACH} stat -c '%f %u %g %s %Y %n'`;
const DIGESTS = `${FIND} -type f -print0 | ${EACH} sha256sum`;
const TARGETS = `${FIND} -type l -print0 | sort -z | xargs -0 -r -n 1 readlink`;

/** The file type bits of POSIX `st_mode`. */
const TYPE_BITS = 0o170000;
const TYPES: ReadonlyMap<number, string> = new Map([
  [0o040000, 'folder'],
  [0o100000, 'file'],
  [0o120000, 'link'],
  [0o010000, 'named pipe'],
  [0o140000, 'socket'],
  [0o060000, 'block device'],
  [0o020000, 'character device'],
]);

/** Properties of files that {@link filesIn} does not check. */
export const FILES_NOT_VERIFIED = [
  'extended attributes, access control lists, hard links and holes of files in volumes, and parts of a second in their times',
  'modification times of folders, which kopia sets to that of the newest file in them, and of links',
];

/**
 * Yields every file, folder and link of a volume, sorted by path, read inside the pod by three streams in the same order: attributes of
 * all entries, digests of files, targets of links. Only one entry is in memory at a time.
 * @throws if a name contains a line break, which the streams use as the separator.
 */
export async function* filesIn(
  volume: string,
  access: PodAccess,
  signal: AbortSignal,
): AsyncGenerator<ContentItem, void> {
  const digests = linesFromPod(access, DIGESTS, signal);
  const targets = linesFromPod(access, TARGETS, signal);
  await using _end = afterwards(() => Promise.all([digests.return(), targets.return()]));
  for await (const line of linesFromPod(access, ATTRIBUTES, signal)) {
    const { path, type, fields, sizeBytes } = attributesIn(line, volume);
    if (type === 'file') fields['sha256'] = digestIn(await taken(digests, volume), path, volume);
    if (type === 'link') fields['target'] = JSON.stringify(await taken(targets, volume));
    yield { kind: kindOf(volume), name: path, sizeBytes, digest: digestOf(fields), fields };
  }
  for (const rest of [digests, targets]) {
    if ((await rest.next()).done !== true) throw changing(volume);
  }
}

function kindOf(volume: string): string {
  return `file of volume ${volume}`;
}

function attributesIn(
  line: string,
  volume: string,
): {
  readonly path: string;
  readonly type: string;
  readonly fields: Record<string, string>;
  readonly sizeBytes: number;
} {
  const parts = /^([0-9a-f]+) (\d+) (\d+) (\d+) (-?\d+) (\..*)$/.exec(line);
  if (parts === null) throw changing(volume);
  const [, rawMode = '', uid = '', gid = '', size = '', modified = '', path = ''] = parts;
  const mode = Number.parseInt(rawMode, 16);
  const type = TYPES.get(mode & TYPE_BITS) ?? 'unknown';
  const fields: Record<string, string> = { type, owner: `${uid}:${gid}` };
  // Permissions of a link have no meaning and cannot be set.
  if (type !== 'link') fields['mode'] = (mode & 0o7777).toString(8).padStart(4, '0');
  if (type === 'file') {
    fields['size'] = size;
    // Only for files: kopia gives a restored folder the time of its newest file.
    fields['modified'] = modified;
  }
  return { path, type, fields, sizeBytes: type === 'file' ? Number(size) : 0 };
}

function digestIn(line: string, path: string, volume: string): string {
  const parts = /^([0-9a-f]{64}) [ *](\..*)$/.exec(line);
  if (parts?.[2] !== path) throw changing(volume);
  return parts[1] ?? '';
}

async function taken(lines: AsyncGenerator<string, void>, volume: string): Promise<string> {
  const next = await lines.next();
  if (next.done === true) throw changing(volume);
  return next.value;
}

function changing(volume: string): Error {
  return new Error(
    `the files of volume ${volume} cannot be listed: they changed while they were read, or a name holds a line break`,
  );
}
