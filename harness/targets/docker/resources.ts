import { docker, dockerLines, unlessGone } from './docker-command.ts';
import {
  KEPT_PREFIX,
  KIND_CLUSTER_LABEL,
  networkName,
  OWNER_LABEL,
  SESSION_LABEL,
  sessionOfCluster,
} from './labels.ts';

export interface Resource {
  readonly kind: 'cluster' | 'container' | 'volume' | 'network';
  /** Id with which docker removes it. */
  readonly id: string;
  readonly name: string;
  readonly sessionId: string;
  /** The owner label; a kind node has none, but its session's network has. */
  readonly owner: string | undefined;
}

const label = (name: string) => `{{.Label "${name}"}}`;
const row = (...columns: string[]) => columns.join('\t');

/** Finds everything in the daemon that carries the mark of a session (of the given one only, if any). */
export async function findResources(signal: AbortSignal, sessionId?: string): Promise<Resource[]> {
  const marked = ['--filter', `label=${SESSION_LABEL}${sessionId === undefined ? '' : `=${sessionId}`}`];
  const labels = [label(SESSION_LABEL), label(OWNER_LABEL)];
  const list = (args: string[], ...columns: string[]) =>
    dockerLines([...args, '--format', row(...columns)], signal).then((lines) => lines.map((line) => line.split('\t')));
  const [containers, nodes, volumes, networks] = await Promise.all([
    list(['ps', '--all', '--no-trunc', ...marked], '{{.ID}}', '{{.Names}}', ...labels),
    list(
      ['ps', '--all', '--no-trunc', '--filter', `label=${KIND_CLUSTER_LABEL}`],
      '{{.ID}}',
      label(KIND_CLUSTER_LABEL),
      '{{.Networks}}',
    ),
    list(['volume', 'ls', ...marked], '{{.Name}}', '{{.Name}}', ...labels),
    list(['network', 'ls', '--no-trunc', ...marked], '{{.ID}}', '{{.Name}}', ...labels),
  ]);
  const asResources = (kind: Resource['kind'], rows: string[][]): Resource[] =>
    rows.map(([id = '', name = '', session = '', owner]) => ({ kind, id, name, sessionId: session, owner }));
  const clusters = nodes.flatMap(([id = '', name = '', attachedTo = '']): Resource[] => {
    const session = sessionOfCluster(name);
    if (session === undefined) return [];
    // The name alone may be a coincidence. A cluster of this program is on the network of its session or of the kept cluster.
    if (attachedTo !== networkName(session) && !attachedTo.startsWith(KEPT_PREFIX)) return [];
    if (sessionId !== undefined && session !== sessionId) return [];
    return [{ kind: 'cluster', id, name, sessionId: session, owner: undefined }];
  });
  return [
    ...clusters,
    ...asResources('container', containers),
    ...asResources('volume', volumes),
    ...asResources('network', networks),
  ];
}

/** Removes them, containers before the volumes and networks that they use. Accepts those that are already gone. */
export async function removeResources(resources: readonly Resource[], signal: AbortSignal): Promise<void> {
  const ids = (...kinds: Resource['kind'][]) =>
    resources.filter(({ kind }) => kinds.includes(kind)).map(({ id }) => id);
  // Removing a node container removes its anonymous volume, which is all else that `kind delete cluster` removes.
  await remove(['rm', '--force', '--volumes'], ids('cluster', 'container'), signal);
  await remove(['volume', 'rm', '--force'], ids('volume'), signal);
  await remove(['network', 'rm'], ids('network'), signal);
}

async function remove(command: readonly string[], ids: readonly string[], signal: AbortSignal): Promise<void> {
  await Promise.all(ids.map(async (id) => await unlessGone(docker([...command, id], signal))));
}
