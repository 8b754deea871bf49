#!/usr/bin/env node
// Backup of JetStream: a snapshot of each stream, by the server's own snapshot protocol, put into S3 and read back.
//
//   NATS_URL       the server          BACKUP_BUCKET  where backups go
//   BACKUP_PREFIX  key prefix          AWS_*          endpoint, region and credentials
import { createHash } from 'node:crypto';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { connect, createInbox } from '@nats-io/transport-node';

const OUR_STREAMS = /^(ORDERS|PAYMENTS)/;

const { NATS_URL, BACKUP_BUCKET, BACKUP_PREFIX } = process.env;
const nc = await connect({ servers: NATS_URL, name: 'backup' });
const s3 = new S3Client({ forcePathStyle: true });
const folder = `${BACKUP_PREFIX}${new Date().toISOString().replaceAll(/[-:.]/g, '')}/`;

const streams = [];
for (const name of (await streamNames()).filter((each) => OUR_STREAMS.test(each))) {
  const { description, data } = await snapshotOf(name);
  await upload(`${name}.snapshot`, data);
  streams.push({ name, ...description, sha256: sha256(data) });
}
await upload('manifest.json', Buffer.from(JSON.stringify({ takenAt: new Date(), streams })));
console.log(`Uploaded and verified s3://${BACKUP_BUCKET}/${folder}`);
console.log('Backup complete');
await nc.close();

async function streamNames() {
  const names = [];
  for (;;) {
    const page = await ask('STREAM.NAMES', { offset: names.length });
    names.push(...(page.streams ?? []));
    if (names.length >= page.total) return names;
  }
}

/** https://docs.nats.io/reference/reference-protocols/nats_api_reference: chunks arrive on an inbox, each is acknowledged. */
async function snapshotOf(stream) {
  const inbox = createInbox();
  const arriving = nc.subscribe(inbox);
  const { config, state } = await ask(`STREAM.SNAPSHOT.${stream}`, { deliver_subject: inbox, chunk_size: 131_072 });
  const chunks = [];
  for await (const message of arriving) {
    if ((message.headers?.code ?? 0) >= 300) throw new Error(`snapshot of ${stream}: ${message.headers.description}`);
    if (message.data.length === 0) break;
    chunks.push(message.data);
    message.respond();
  }
  return { description: { config, state }, data: Buffer.concat(chunks) };
}

async function upload(name, data) {
  const object = { Bucket: BACKUP_BUCKET, Key: `${folder}${name}` };
  await s3.send(new PutObjectCommand({ ...object, Body: data }));
  const { Body } = await s3.send(new GetObjectCommand(object));
  if (sha256(await Body.transformToByteArray()) !== sha256(data)) throw new Error(`${object.Key} differs in S3`);
}

async function ask(what, request) {
  const answer = (await nc.request(`$JS.API.${what}`, JSON.stringify(request), { timeout: 10_000 })).json();
  if (answer.error !== undefined) throw new Error(`${what}: ${answer.error.description}`);
  return answer;
}

function sha256(data) {
  return createHash('sha256').update(data).digest('hex');
}
