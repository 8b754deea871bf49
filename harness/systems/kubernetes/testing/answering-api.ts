import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { onTestFinished } from 'vitest';

/**
 * For unit tests only: starts a Kubernetes API that answers a path with that object or list, and each other path with 404. It ends with the
 * test. Returns the path of its kubeconfig.
 */
export async function kubeconfigOf(answers: Readonly<Record<string, object>>): Promise<string> {
  const identity = await selfSigned();
  const server = createServer({ key: identity, cert: identity }, ({ url = '' }, response) => {
    const answer = answers[url.split('?')[0] ?? ''];
    response.statusCode = answer === undefined ? 404 : 200;
    response.end(JSON.stringify(answer ?? { kind: 'Status', reason: 'NotFound', message: `there is no ${url}` }));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const folder = await mkdtemp(join(tmpdir(), 'dr-contracts-api-'));
  onTestFinished(async () => {
    server.close();
    server.closeAllConnections();
    await rm(folder, { recursive: true, force: true });
  });
  const address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const cluster = { server: address, 'certificate-authority-data': Buffer.from(identity).toString('base64') };
  const path = join(folder, 'kubeconfig');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'answering', cluster }],
    users: [{ name: 'nobody', user: {} }],
    contexts: [{ name: 'answering', context: { cluster: 'answering', user: 'nobody' } }],
    'current-context': 'answering',
  };
  await writeFile(path, JSON.stringify(config));
  return path;
}

/** Returns a new key and its certificate for loopback, which is valid for a day. */
async function selfSigned(): Promise<string> {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-keyout', '-'];
  const name = ['-subj', '/CN=answering', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '1'];
  const { stdout } = await execa('openssl', ['req', '-x509', ...key, ...name]);
  return stdout;
}
