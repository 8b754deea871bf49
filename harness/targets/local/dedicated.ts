import { randomInt } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { ExplainedError } from '../../model/errors.ts';
import type { KubernetesPlace, NatsPlace } from '../../model/target.ts';
import { backupPrefix, type ClusterOptions, loseCluster, type StartedCluster, startCluster } from './cluster.ts';
import { loseNats, type StartedNats, startNats } from './nats.ts';
import type { LocalContext } from './program.ts';
import { VELERO_NAMESPACE } from './velero.ts';

/** A NATS server of one drill's own, which may be lost whole and replaced at the same address. */
export async function startDedicatedNats(
  label: string,
  context: LocalContext,
  signal: AbortSignal,
): Promise<NatsPlace> {
  const name = uniqueLabel(label);
  const first = await startNats(name, context, signal);
  const slot = new Slot<StartedNats>(`dedicated NATS server ${name}`, first);
  return {
    url: first.url,
    dedicated: true,
    settings: first.settings,
    isAlive: async () => slot.current?.process.isAlive() ?? false,
    lose: () => slot.lose(loseNats),
    replace: (replaceSignal) => slot.replace(() => startNats(name, context, replaceSignal, first.port)),
    [Symbol.asyncDispose]: async () => {
      await slot.end();
      await rm(context.session.folder('nats', name), { recursive: true, force: true });
    },
  };
}

/** A control plane of one drill's own with its own Velero, which may be lost whole and replaced by an empty one. */
export async function startDedicatedKubernetes(
  label: string,
  s3: ClusterOptions['s3'],
  context: LocalContext,
  signal: AbortSignal,
): Promise<KubernetesPlace> {
  const name = uniqueLabel(label);
  const first = await startCluster({ label: name, s3 }, context, signal);
  const slot = new Slot<StartedCluster>(`dedicated Kubernetes API ${name}`, first);
  return {
    kubeconfigPath: first.kubeconfigPath,
    dedicated: true,
    veleroNamespace: VELERO_NAMESPACE,
    backupPrefix: backupPrefix(context.session.id, name),
    settings: first.settings,
    isAlive: async () => slot.current?.processes.some((process) => process.isAlive()) ?? false,
    lose: () => slot.lose(loseCluster),
    replace: (replaceSignal) => slot.replace(() => startCluster({ label: name, s3 }, context, replaceSignal)),
    [Symbol.asyncDispose]: async () => {
      await slot.end();
      await rm(context.session.folder('kubernetes', name), { recursive: true, force: true });
    },
  };
}

/** Holds the one server that is there now, or none between its loss and its replacement. */
class Slot<Server extends AsyncDisposable> {
  current: Server | undefined;
  private readonly thing: string;
  private ended = false;

  constructor(thing: string, first: Server) {
    this.thing = thing;
    this.current = first;
  }

  async lose(destroy: (server: Server) => Promise<string>): Promise<string> {
    const server = this.current;
    if (server === undefined) throw this.refusal('a running server to lose', 'it was lost already');
    const exercised = await destroy(server);
    this.current = undefined;
    return exercised;
  }

  async replace(start: () => Promise<Server>): Promise<void> {
    if (this.ended) throw this.refusal('a place that is still in use', 'it was given back');
    if (this.current !== undefined) throw this.refusal('a lost server to replace', 'the server still runs');
    this.current = await start();
  }

  async end(): Promise<void> {
    this.ended = true;
    await this.current?.[Symbol.asyncDispose]();
  }

  private refusal(expected: string, observed: string): ExplainedError {
    return new ExplainedError({
      thing: this.thing,
      expected,
      observed,
      nextStep: 'Lose it first and replace it afterwards, once each.',
    });
  }
}

/** Two drills may use the same label: nobody shares a folder for it. */
function uniqueLabel(label: string): string {
  const safe = label
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 24);
  return `${safe}-${randomInt(36 ** 4).toString(36)}`;
}
