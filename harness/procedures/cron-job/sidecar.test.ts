import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../clock/clock.ts';
import { Secrets } from '../../model/secrets.ts';
import { type ContainerRun, startSidecar } from './sidecar.ts';
import type { Container } from './spec.ts';

/** A server that answers with those codes, one after the other, the last one again and again. */
async function answering(codes: readonly number[]) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    response.writeHead(codes[Math.min(asked.push(request.url ?? ''), codes.length) - 1] ?? 500).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  return { asked, server, port: typeof address === 'object' && address !== null ? address.port : 0 };
}

const probing = { initialDelaySeconds: 0, periodSeconds: 0.05, timeoutSeconds: 5, failureThreshold: 20 };

/** A sidecar that has started and runs until it is ended. */
function sidecarWith(startupProbe: object, ports: Container['ports'] = []) {
  const container = { name: 'proxy', ports, startupProbe: { ...probing, ...startupProbe } } as unknown as Container;
  const run = async ({ signal, onStarted }: ContainerRun) => {
    onStarted?.();
    if (signal !== undefined && !signal.aborted) await once(signal, 'abort');
    throw new Error('it was ended');
  };
  const { signal } = new AbortController();
  const step = {
    clock: systemClock,
    signal,
    scratchDir: '/nowhere',
    secrets: new Secrets(),
    progress: () => undefined,
  };
  return startSidecar(container, 'container proxy', run, step);
}

it('a sidecar is ready when its path answers well, by the name of its port', async () => {
  const { asked, port } = await answering([503, 404, 204]);
  const ports = [{ name: 'health', containerPort: port }] as unknown as Container['ports'];
  await using sidecar = sidecarWith({ httpGet: { port: 'health', path: '/ready', scheme: 'HTTP' } }, ports);
  await sidecar.started;
  expect(asked).toEqual(['/ready', '/ready', '/ready']);
});

it('a sidecar whose path never answers well is named with the last answer', async () => {
  const { port } = await answering([503]);
  const httpGet = { port, path: '/', scheme: 'HTTP' };
  await using sidecar = sidecarWith({ httpGet, failureThreshold: 2, timeoutSeconds: 1 });
  await expect(sidecar.started).rejects.toThrow(/startup probe of container proxy.*it answers 503/);
});

it('a sidecar is ready when its port takes connections', async () => {
  const { port } = await answering([200]);
  await using sidecar = sidecarWith({ tcpSocket: { port } });
  await sidecar.started;
});

it('a sidecar whose port takes none is not ready', async () => {
  const { port, server } = await answering([200]);
  server.close();
  await once(server, 'close');
  await using sidecar = sidecarWith({ tcpSocket: { port }, failureThreshold: 2, timeoutSeconds: 1 });
  await expect(sidecar.started).rejects.toThrow(/startup probe of container proxy.*ECONNREFUSED/);
});
