import { Scope } from '../../base/scope.ts';
import { uniqueLabel } from '../../base/slot.ts';
import { httpRequest } from '../../clients/http.ts';
import type { Runtime } from '../../registered/provider.ts';
import { arrived, notYet } from '../../wait/wait.ts';
import { gcsClient, request } from './client.ts';
import type { GcsStore } from './service.ts';

const START_BUDGET_MS = 30_000;
const PROJECT_ID = 'dr-contracts';
const BACKUP_BUCKET = 'dr-backups';

/** Starts the storage that drills share, with the versioned bucket of backups. It keeps everything in memory and ends with the session. */
export async function startBackupStore(runtime: Runtime, signal: AbortSignal): Promise<GcsStore> {
  await using scope = new Scope({ what: 'GCS for backups', clock: runtime.clock });
  const begin = () =>
    runtime.onFreePorts(1, ([port = 0]) => startOn(port, `gcs-${uniqueLabel('store')}`, runtime, signal));
  const { endpoint } = await scope.open('GCS server', begin);
  const address = { endpoint, projectId: PROJECT_ID };
  const client = gcsClient(address, { attempts: 3 });
  await request(() => client.createBucket(BACKUP_BUCKET, { versioning: { enabled: true } }), signal);
  scope.handOver();
  return { ...address, backupBucket: BACKUP_BUCKET };
}

async function startOn(port: number, name: string, runtime: Runtime, signal: AbortSignal) {
  const address = `127.0.0.1:${port}`;
  const endpoint = `http://${address}`;
  const starting = await runtime.startProgram({
    name,
    tool: 'fake-gcs-server',
    args: [
      ...['-scheme', 'http', '-host', '127.0.0.1', '-port', String(port), '-backend', 'memory'],
      // Links of a resumable upload lead to `external-url`.
      ...['-external-url', endpoint, '-public-host', address],
    ],
    ending: 'immediate',
  });
  const { process } = await starting.untilServing(
    {
      for: `${endpoint} to answer`,
      budgetMs: START_BUDGET_MS,
      look: async (looking) => {
        const { status } = await httpRequest('GET', `${endpoint}/storage/v1/b?project=${PROJECT_ID}`, looking);
        return status === 200 ? arrived(undefined) : notYet(`HTTP ${status}`);
      },
    },
    signal,
  );
  return { endpoint, port, process, [Symbol.asyncDispose]: async () => void (await process.kill()) };
}
