import { Scope } from '../../base/scope.ts';
import { Slot, uniqueLabel } from '../../base/slot.ts';
import { httpRequest } from '../../clients/http.ts';
import type { OwnPlaceRequest } from '../../model/service.ts';
import type { Runtime } from '../../registered/provider.ts';
import { arrived, notYet } from '../../wait/wait.ts';
import { gcsClient, request } from './client.ts';
import type { GcsPlace, GcsStore } from './service.ts';

const START_BUDGET_MS = 30_000;
const PROJECT_ID = 'dr-contracts';
const BACKUP_BUCKET = 'dr-backups';

/** Starts a server that keeps everything in memory, so a lost one has lost all of it. */
export async function startGcs({ label }: OwnPlaceRequest, runtime: Runtime, signal: AbortSignal): Promise<GcsPlace> {
  const name = `gcs-${uniqueLabel(label)}`;
  const begin = () => runtime.onFreePorts(1, ([port = 0]) => startOn(port, name, runtime, signal));
  const slot = await Slot.open(`GCS server ${name}`, begin, runtime.clock);
  const { endpoint, port } = slot.first;
  return {
    endpoint,
    projectId: PROJECT_ID,
    isAlive: async () => slot.current?.process.isAlive() ?? false,
    lose: async () =>
      await slot.lose(async ({ process }) => {
        await process.kill();
        return 'fake-gcs-server killed with SIGKILL, and its memory with it';
      }),
    replace: async (replacing) => await slot.replace(() => startOn(port, name, runtime, replacing)),
    [Symbol.asyncDispose]: async () => await slot[Symbol.asyncDispose](),
  };
}

/** Starts the store that drills share, with its versioned bucket. It ends with the session. */
export async function startBackupStore(runtime: Runtime, signal: AbortSignal): Promise<GcsStore> {
  await using scope = new Scope({ what: 'GCS for backups', clock: runtime.clock });
  const { endpoint, projectId } = await scope.open('GCS server', () => startGcs({ label: 'backups' }, runtime, signal));
  const client = gcsClient({ endpoint, projectId }, { attempts: 3 });
  await request(() => client.createBucket(BACKUP_BUCKET, { versioning: { enabled: true } }), signal);
  scope.handOver();
  return { endpoint, projectId, backupBucket: BACKUP_BUCKET };
}

async function startOn(port: number, name: string, runtime: Runtime, signal: AbortSignal) {
  const address = `127.0.0.1:${port}`;
  const endpoint = `http://${address}`;
  const starting = await runtime.startProgram({
    name,
    tool: 'fake-gcs-server',
    args: [
      ...['-scheme', 'http', '-host', '127.0.0.1', '-port', String(port), '-backend', 'memory'],
      // Links of an upload in parts lead to `external-url`.
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
