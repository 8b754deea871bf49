import { z } from 'zod';
import { type KubernetesApi, NAMESPACES } from '../../../clients/kubernetes-api.ts';
import type { Identity, MarkerLane } from '../../../model/asset.ts';
import type { Step } from '../../../model/step.ts';
import { counted } from '../../../model/text.ts';
import { arrived, notYet, waitFor } from '../../../wait/wait.ts';
import type { ContentItem } from '../content.ts';
import { digestOf, sha256 } from '../objects.ts';
import { PodConversation } from './conversation.ts';
import { filesIn } from './listing.ts';
import { CONTAINER, claimOf, HOOK_PROOF, MOUNT, OWN_FOLDER, podOf, SERVICE_SCRIPT, volumeLane } from './objects.ts';
import type { VolumePlan } from './options.ts';
import { feedPod, linesFromPod, type PodAccess } from './pod.ts';
import { digestOfFile, type FileEntry, tarOf, treeOf } from './tree.ts';

const READY_BUDGET_MS = 300_000;
const SAMPLE_BYTES = 1 << 16;

const podStatus = z.looseObject({
  status: z
    .looseObject({
      phase: z.string().optional(),
      containerStatuses: z
        .array(
          z.looseObject({
            state: z.looseObject({ waiting: z.looseObject({ reason: z.string().optional() }).optional() }).optional(),
          }),
        )
        .default([]),
      conditions: z.array(z.looseObject({ type: z.string(), status: z.string() })).default([]),
    })
    .optional(),
});
export interface VolumesContext {
  readonly api: KubernetesApi;
  /** Called only if there are volumes. */
  readonly kubectl: () => string;
  readonly drillId: string;
  /** Where users find the asset now. */
  readonly namespace: () => string;
}

/** The volumes of one drill's namespace: filled, read and watched from inside the pods that mount them. */
export class Volumes implements Disposable {
  readonly lanes: readonly MarkerLane[];
  readonly #plans: readonly VolumePlan[];
  readonly #context: VolumesContext;
  readonly #lines: ReadonlyMap<string, { readonly markers: PodConversation; readonly probe: PodConversation }>;
  readonly #samples = new Map<string, { readonly path: string; readonly digest: string }>();
  #probeWrites = 0;

  constructor(plans: readonly VolumePlan[], context: VolumesContext) {
    this.#plans = plans;
    this.#context = context;
    const open = (name: string) =>
      new PodConversation(
        () => this.#access(name),
        SERVICE_SCRIPT,
        async (signal) => {
          const unready = await this.#notReady(name, signal);
          if (unready !== undefined) throw new Error(unready);
        },
      );
    this.#lines = new Map(plans.map(({ name }) => [name, { markers: open(name), probe: open(name) }]));
    this.lanes = plans.flatMap(({ name }) => {
      const line = this.#lines.get(name);
      return line === undefined ? [] : [volumeLane(name, line.markers, () => this.#access(name))];
    });
  }

  /** Waits for the pods, and writes the planned content into their volumes. Returns descriptions of it. */
  async seed(step: Step): Promise<readonly string[]> {
    const { drillId } = this.#context;
    await this.untilReady(step);
    for (const plan of this.#plans) {
      step.progress(`writing ${counted(plan.files + 1, 'file')} into volume ${plan.name}`);
      await feedPod(this.#access(plan.name), `tar -x -C ${MOUNT} -f -`, tarOf(drillId, treeOf(plan)), step.signal);
      const sample = sampleOf(plan);
      this.#samples.set(plan.name, { path: sample.path, digest: digestOfFile(drillId, sample) });
    }
    return this.#plans.map(({ name, files }) => `volume ${name} with ${files + 1} files, folders and links`);
  }

  async untilReady(step: Step): Promise<void> {
    await Promise.all(
      this.#plans.map(({ name }) =>
        waitFor(
          {
            for: `pod ${podOf(name)} to be ready`,
            budgetMs: READY_BUDGET_MS,
            intervalMs: 200,
            look: async (signal) => {
              const unready = await this.#notReady(name, signal);
              return unready === undefined ? arrived(undefined) : notYet(unready);
            },
          },
          step.clock,
          step.signal,
        ),
      ),
    );
  }

  /** Reads one file of each volume through its pod. */
  async probeRead(signal: AbortSignal): Promise<void> {
    await this.#each(async (name, probe) => {
      const sample = this.#samples.get(name);
      if (sample === undefined) throw new Error(`volume ${name} was not seeded yet`);
      // Users get no answer from a pod that is not ready.
      const unready = await this.#notReady(name, signal);
      if (unready !== undefined) throw new Error(unready);
      const digest = await probe.ask(`digest ${sample.path}`, signal);
      if (digest !== sample.digest) throw new Error(`file ${sample.path} of volume ${name} is not what was seeded`);
    });
  }

  async probeWrite(signal: AbortSignal): Promise<void> {
    this.#probeWrites += 1;
    await this.#each(async (_, probe) => {
      await probe.ask(`probe ${this.#probeWrites}`, signal);
    });
  }

  /** Yields every file of every volume, and the proofs that hooks ran, in the order of the comparison. */
  async *content(signal: AbortSignal, hooks: 'expected' | 'observed'): AsyncGenerator<ContentItem, void> {
    const plans = this.#plans.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    for (const { name } of plans) yield* filesIn(name, this.#access(name), signal);
    for (const { name, beforeBackup } of plans) {
      if (beforeBackup === undefined) continue;
      const found = hooks === 'expected' ? 'ran' : await this.#hookProof(name, signal);
      if (found !== undefined) yield hookItem(name, found);
    }
  }

  async identities(signal: AbortSignal): Promise<readonly Identity[]> {
    const { api, namespace } = this.#context;
    const paths = this.#plans.flatMap(({ name }) => [
      [`UID of pod ${podOf(name)}`, `pods/${podOf(name)}`],
      [`UID of claim ${claimOf(name)}`, `persistentvolumeclaims/${claimOf(name)}`],
    ]);
    const found = await Promise.all(
      paths.map(async ([what = '', path]) => {
        const object = await api.findObject(`${NAMESPACES}/${namespace()}/${path}`, signal);
        return object?.metadata.uid === undefined ? [] : [{ what, value: object.metadata.uid }];
      }),
    );
    return found.flat();
  }

  [Symbol.dispose](): void {
    for (const { markers, probe } of this.#lines.values()) {
      markers[Symbol.dispose]();
      probe[Symbol.dispose]();
    }
  }

  async #each(work: (name: string, probe: PodConversation) => Promise<void>): Promise<void> {
    await Promise.all([...this.#lines].map(([name, { probe }]) => work(name, probe)));
  }

  #access(volume: string): PodAccess {
    const { kubectl, api, namespace } = this.#context;
    const { kubeconfigPath } = api;
    return { kubectl: kubectl(), kubeconfigPath, namespace: namespace(), pod: podOf(volume), container: CONTAINER };
  }

  /** Returns why the pod is not ready; undefined if it is. */
  async #notReady(volume: string, signal: AbortSignal): Promise<string | undefined> {
    const { api, namespace } = this.#context;
    const name = podOf(volume);
    const pod = await api.findObject(`${NAMESPACES}/${namespace()}/pods/${name}`, signal);
    if (pod === undefined) return `there is no pod ${name}`;
    if (pod.metadata.deletionTimestamp !== undefined) return `pod ${name} is being deleted`;
    const { status } = podStatus.parse(pod);
    const ready = status?.conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True');
    if (ready === true) return undefined;
    const reasons = status?.containerStatuses.flatMap(({ state }) => state?.waiting?.reason ?? []) ?? [];
    return `pod ${name} is ${status?.phase ?? 'unknown'} and not ready${reasons.length > 0 ? ` (${reasons.join(', ')})` : ''}`;
  }

  async #hookProof(volume: string, signal: AbortSignal): Promise<string | undefined> {
    const script = `cd ${MOUNT}/${OWN_FOLDER} && [ ! -f ${MOUNT}/${HOOK_PROOF} ] || cat ${MOUNT}/${HOOK_PROOF}`;
    const lines = await Array.fromAsync(linesFromPod(this.#access(volume), script, signal));
    return lines.length === 0 ? undefined : lines.join('\n');
  }
}

function hookItem(volume: string, content: string): ContentItem {
  const fields = { content: sha256(content) };
  return {
    kind: `hook of volume ${volume} that ran before the backup`,
    name: HOOK_PROOF,
    sizeBytes: Buffer.byteLength(content),
    digest: digestOf(fields),
    fields,
  };
}

/** Returns a file with content and a plain name, small enough for reads throughout the drill. */
function sampleOf(plan: VolumePlan): FileEntry {
  const plain = treeOf(plan).find(
    (entry) =>
      entry.type === 'file' && entry.sizeBytes > 0 && entry.sizeBytes < SAMPLE_BYTES && /^[\w./-]+$/.test(entry.path),
  );
  if (plain?.type === 'file') return plain;
  return { type: 'file', path: 'large.bin', sizeBytes: plan.largestBytes, mode: 0, uid: 0, gid: 0, modifiedSeconds: 0 };
}
