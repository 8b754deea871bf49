import type { AbsenceCheck, AssetProof, Destruction, Identity, OpenOptions } from '../../model/asset.ts';
import { performing, type Step } from '../../model/step.ts';
import { type DrillContent, OpenJetStream } from './open.ts';
import type { NatsClusterPlace, NatsNode } from './service.ts';

const READ_OF_NODE = 'process of the node';
const SUCCEEDED = {
  what: 'Check that one of the nodes that are left leads every stream and that the others are current (`nats stream report`)',
  ifItFails:
    'Wait: an election takes some seconds. Where no leader comes, a second node is lost too, and an empty one brings nothing back: restore from the backup.',
};
const EMPTY_NODE = {
  what: 'Start an empty node with the name and the addresses of the lost one',
  ifItFails: 'Read its log. A store folder that came back with the old node must be moved away first.',
};

/**
 * A cluster that loses one of its nodes. The streams survive. The drill destroys that node, proves its absence and expects a new one, and
 * every copy of every stream must come back.
 */
export class BereavedJetStream extends OpenJetStream {
  readonly #node: NatsNode;

  constructor(options: OpenOptions, content: DrillContent, cluster: NatsClusterPlace) {
    super(options, content, cluster, false);
    this.#node = cluster.node;
  }

  override async identify({ signal }: Step): Promise<readonly Identity[]> {
    return [{ what: 'server id of the node', value: await this.#node.serverId(signal) }];
  }

  override async destroy(): Promise<Destruction> {
    return { exercised: await this.#node.lose() };
  }

  override expectedProof(): AssetProof {
    return { absence: [READ_OF_NODE] };
  }

  override async proveGone(): Promise<readonly AbsenceCheck[]> {
    const alive = await this.#node.isAlive();
    const { name } = this.#node;
    return [{ what: READ_OF_NODE, gone: !alive, observed: `${name} is ${alive ? 'running' : 'gone'}` }];
  }

  override async provision(step: Step): Promise<void> {
    step.progress(`waiting for the nodes that are left to lead what ${this.#node.name} led`);
    await performing(step, SUCCEEDED, async () => await this.#node.succeeded(step.signal));
    step.progress(`starting an empty node ${this.#node.name}`);
    await performing(step, EMPTY_NODE, async () => await this.#node.replace(step.signal));
  }
}
