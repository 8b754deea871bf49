#!/usr/bin/env node
// Restores every stream of one backup that backup.mjs made. The streams must not exist.
//
//   NATS_URL  the server to restore into    RECOVERY_POINT  s3://bucket/prefix/ of the backup
//   AWS_*     endpoint, region and credentials
import { createHash } from 'node:crypto';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { connect } from '@nats-io/transport-node';

const CHUNK_BYTES = 131_072;

const { NATS_URL, RECOVERY_POINT } = process.env;
const place = new URL(RECOVERY_POINT);
const folder = place.pathname.slice(1).replace(/[^/]*$/, '');
const nc = await connect({ servers: NATS_URL, name: 'restore' });
const s3 = new S3Client({ forcePathStyle: true });

const { streams } = JSON.parse(await download('manifest.json'));
for (const { name, config, state, sha256 } of streams) {
  const data = await download(`${name}.snapshot`);
  const found = createHash('sha256').update(data).digest('hex');
  if (found !== sha256) throw new Error(`${name}.snapshot is not what was backed up: its digest differs`);
  await restore(name, { config, state }, data);
}
console.log(`${streams.length} streams restored`);
await nc.close();

async function download(name) {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: place.host, Key: `${folder}${name}` }));
  return Buffer.from(await Body.transformToByteArray());
}

/** The server names a subject for the chunks and acknowledges each of them. An empty one ends the restore. */
async function restore(name, description, data) {
  const { deliver_subject: subject } = await ask(`$JS.API.STREAM.RESTORE.${name}`, JSON.stringify(description));
  for (let at = 0; at < data.length; at += CHUNK_BYTES) await ask(subject, data.subarray(at, at + CHUNK_BYTES));
  await ask(subject, new Uint8Array());
}

async function ask(subject, request) {
  const message = await nc.request(subject, request, { timeout: 10_000 });
  if (message.data.length === 0) return {};
  const answer = message.json();
  if (answer.error !== undefined) throw new Error(`${subject}: ${answer.error.description}`);
  return answer;
}
