import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { expect, it, onTestFinished } from 'vitest';
import { isEmptyBackup } from './empty-backup.ts';

/** Starts an S3 that answers each request with that list of a backup's objects. */
async function storeOf(listed: Readonly<Record<string, readonly string[] | null>>) {
  const asked: (string | undefined)[] = [];
  const server = createServer(({ url }, response) => {
    asked.push(url?.split('?')[0]);
    response.end(gzipSync(JSON.stringify(listed)));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { asked, s3: { endpoint, region: 'us-west-2', accessKeyId: 'a', secretAccessKey: 'b', backupBucket: 'c' } };
}

it.each([
  ['the namespace alone', { 'v1/Namespace': ['shop'] }, true],
  [
    'what Kubernetes puts into each namespace',
    { 'v1/ConfigMap': ['shop/kube-root-ca.crt'], 'v1/ServiceAccount': ['shop/default'], 'v1/Namespace': ['shop'] },
    true,
  ],
  ['events', { 'v1/Event': ['shop/a'], 'events.k8s.io/v1/Event': ['shop/a'] }, true],
  ['nothing', {}, true],
  ['a kind without objects', { 'v1/Secret': null }, true],
  ['a ConfigMap of somebody', { 'v1/ConfigMap': ['shop/kube-root-ca.crt', 'shop/settings'] }, false],
  ['a ServiceAccount of somebody', { 'v1/ServiceAccount': ['shop/app'] }, false],
  ['one Secret', { 'v1/Namespace': ['shop'], 'v1/Secret': ['shop/key'] }, false],
])('C28: a backup with %s', async (_, listed, isEmpty) => {
  const { s3, asked } = await storeOf(listed);
  const { signal } = new AbortController();
  const at = { bucket: 'backups', prefix: 'velero', phase: 'Available', message: '' };
  const location = { ...at, isReadOnly: false, syncPeriod: undefined, validationFrequency: undefined };
  expect(await isEmptyBackup({ name: 'daily-1', items: 3 }, location, s3, signal)).toBe(isEmpty);
  expect(asked).toEqual(['/backups/velero/backups/daily-1/daily-1-resource-list.json.gz']);
});
