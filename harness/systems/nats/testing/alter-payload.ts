import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { z } from 'zod';
import { runCommand } from '../../../process/run.ts';
import type { S3Place } from '../../s3/service.ts';
import { decodeS2, encodeS2, readUvarint } from './s2.ts';

export interface AlteredMessage {
  readonly stream: string;
  readonly sequence: number;
  readonly subject: string;
}

const MAGIC = 'NATSARC1';

/**
 * Sabotage: changes one byte in the payload of one message inside a stream's snapshot and corrects all checksums around it,
 * so that the server restores it without an error. For snapshots of nats-server 2.15 (`stream.arc.s2`: an
 * S2 stream of entries, nats-server `server/archive/archive.go`). The message is the first one after half of the entries
 * that has a payload and whose subject `wanted` accepts.
 */
async function alterOnePayload(
  snapshotDir: string,
  wanted: (subject: string) => boolean = () => true,
): Promise<AlteredMessage> {
  const path = join(snapshotDir, 'stream.arc.s2');
  const archive = decodeS2(await readFile(path));
  const messages = [...entriesOf(archive)].filter(
    (entry) => entry.sequence > 0 && entry.payloadBytes > 0 && wanted(entry.subject),
  );
  const chosen = messages[Math.floor(messages.length / 2)];
  if (chosen === undefined) throw new Error(`${snapshotDir} holds no message with a payload to alter`);
  const target = chosen.payloadAt + Math.floor(chosen.payloadBytes / 2);
  archive.writeUInt8(archive.readUInt8(target) ^ 0x01, target);
  await writeFile(path, encodeS2(archive));
  const description = z.object({ config: z.object({ name: z.string() }) });
  const { config } = description.parse(JSON.parse(await readFile(join(snapshotDir, 'backup.json'), 'utf8')));
  return { stream: config.name, sequence: chosen.sequence, subject: chosen.subject };
}

interface Entry {
  readonly subject: string;
  /** 0 for an entry that is not a message. */
  readonly sequence: number;
  readonly payloadAt: number;
  readonly payloadBytes: number;
}

function* entriesOf(archive: Buffer): Generator<Entry> {
  if (archive.subarray(0, MAGIC.length).toString('latin1') !== MAGIC)
    throw new Error('not a snapshot of nats-server 2.15');
  for (let at = MAGIC.length; at < archive.length; ) {
    const fields: number[] = [];
    for (let field = 0; field < 5; field += 1) {
      const { value, next } = readUvarint(archive, at);
      fields.push(value);
      at = next;
    }
    const [nameBytes = 0, , sequence = 0, headerBytes = 0, payloadBytes = 0] = fields;
    const subject = archive.subarray(at, at + nameBytes).toString('utf8');
    const payloadAt = at + nameBytes + headerBytes;
    yield { subject, sequence, payloadAt, payloadBytes };
    at = payloadAt + payloadBytes;
  }
}

/**
 * Applies the same to a backup that the platform's script uploaded: fetches it, alters the named stream, and uploads it again
 * with a matching digest.
 * @param location `s3://bucket/prefix/` as the recovery point names it.
 */
export async function alterOnePayloadInBackup(
  s3: S3Place,
  location: string,
  stream: string,
  scratchDir: string,
  signal: AbortSignal,
  wanted?: (subject: string) => boolean,
): Promise<AlteredMessage> {
  const [, bucket = '', prefix = ''] = /^s3:\/\/([^/]+)\/(.*)$/.exec(location) ?? [];
  const credentials = { accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretAccessKey };
  const client = new S3Client({ endpoint: s3.endpoint, region: s3.region, forcePathStyle: true, credentials });
  const folder = await mkdtemp(join(scratchDir, 'alter-'));
  const tar = (args: readonly string[]) => runCommand({ name: 'tar', file: 'tar', args }, signal);
  try {
    const archive = join(folder, 'streams.tar');
    const found = await client.send(new GetObjectCommand({ Bucket: bucket, Key: `${prefix}streams.tar` }));
    if (found.Body === undefined) throw new Error(`${location} holds no streams.tar`);
    await pipeline(found.Body.transformToWebStream(), createWriteStream(archive));
    const snapshots = join(folder, 'snapshots');
    await runCommand({ name: 'mkdir', file: 'mkdir', args: [snapshots] }, signal);
    await tar(['-C', snapshots, '-xf', archive]);
    if (!(await readdir(snapshots)).includes(stream)) throw new Error(`${location} holds no stream ${stream}`);
    const altered = await alterOnePayload(join(snapshots, stream), wanted);
    await tar(['-C', snapshots, '-cf', archive, '.']);
    const hash = createHash('sha256');
    await pipeline(createReadStream(archive), hash);
    const digest = hash.digest('hex');
    const put = (name: string, Body: Buffer | ReturnType<typeof createReadStream>) =>
      new Upload({
        client,
        params: { Bucket: bucket, Key: `${prefix}${name}`, Body, Metadata: { sha256: digest } },
      }).done();
    await put('streams.tar', createReadStream(archive));
    await put('streams.tar.sha256', Buffer.from(`${digest}  streams.tar\n`));
    if ((await stat(archive)).size === 0) throw new Error('the altered backup is empty');
    return altered;
  } finally {
    client.destroy();
    await rm(folder, { recursive: true, force: true });
  }
}
