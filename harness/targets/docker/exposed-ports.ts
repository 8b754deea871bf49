import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ExplainedError } from '../../model/errors.ts';
import type { ExposedPort } from '../../systems/kubernetes/service.ts';
import type { PortMapping } from './kind.ts';

/** Reserves one of a cluster's node ports. A file records the reservation, because other processes use the same cluster. */
export async function takePort(ports: readonly PortMapping[], dir: string): Promise<ExposedPort> {
  for (const { nodePort, port } of ports) {
    const claim = join(dir, `node-port-${nodePort}`);
    if (!(await claimed(claim))) continue;
    return {
      nodePort,
      host: '127.0.0.1',
      port,
      [Symbol.asyncDispose]: async () => await rm(claim, { force: true }),
    };
  }
  throw new ExplainedError({
    thing: 'node ports of the cluster',
    expected: `one of ${ports.length} to be free`,
    observed: 'all of them are taken',
    nextStep: 'Run fewer drills at once (--jobs), or give ports back when they are no longer used.',
  });
}

async function claimed(path: string): Promise<boolean> {
  try {
    await writeFile(path, '', { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}
