import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { type RecordFile, writeRecords } from '../../asset-kit/record-file.ts';
import { Scope } from '../../base/scope.ts';
import { KubernetesApi } from '../../clients/kubernetes-api.ts';
import type {
  AbsenceCheck,
  AssetProbe,
  AssetProof,
  Clearing,
  Destruction,
  Fingerprint,
  Identity,
  MarkerLane,
  OpenAsset,
  OpenOptions,
  Seeded,
  SpeedControl,
} from '../../model/asset.ts';
import type { Assurance, Comparison } from '../../model/record.ts';
import { performing, type Step } from '../../model/step.ts';
import { formatSize } from '../../model/units.ts';
import { assuranceOf } from './acceptance/acceptance.ts';
import { alterNamespace } from './alter.ts';
import { cleanUp } from './cleanup.ts';
import { ClusterObjects } from './cluster-objects.ts';
import { compareContent, type NamespaceMapping } from './compare.ts';
import { type ContentItem, contentOf, isCompared, isPassing } from './content.ts';
import { customKindOf, definitionAbsence, ensureDefinitions, removeDefinition } from './definitions.ts';
import {
  boundVolumes,
  controlPlaneAbsence,
  controlPlaneReads,
  type DrilledCluster,
  deleteNamespace,
  namespaceAbsence,
  namespaceReads,
  removeNamespace,
  requireOwnNamespace,
  untilVolumesGone,
  volumeAbsence,
  volumeReads,
} from './destruction.ts';
import { askingServer } from './differences.ts';
import { EMPTY_CONTROL_PLANE, MEANINGS, NAMESPACE_DELETED_TO_STAGING, STANDBY_CONTROL_PLANE } from './disasters.ts';
import { isHeldOpen } from './finalizers.ts';
import { definitionPath, identities, readFingerprint, writeFingerprint } from './fingerprint.ts';
import { HttpService, usersProbe } from './http-service.ts';
import { choosePlace } from './marker-place.ts';
import { NamespaceMarkers } from './markers.ts';
import type { Names } from './names.ts';
import { namespaceProbe, type Sample, takeSamples } from './probe.ts';
import { learnSecretValues } from './secret-values.ts';
import { bringImages, countsOf, imagesOfPlan, plannedObjects, type SeedPlan, seedNamespace } from './seed.ts';
import type { KubernetesPlace, RegionStores } from './service.ts';
import { FILES_NOT_VERIFIED } from './volumes/listing.ts';
import { Volumes } from './volumes/volumes.ts';

const versionAnswer = z.looseObject({ gitVersion: z.string() });

/** The namespace of one drill. */
export class NamespaceAsset implements OpenAsset {
  readonly lanes: readonly MarkerLane[];
  readonly probe: AssetProbe;
  readonly speedControl: SpeedControl;
  readonly meanings = MEANINGS;
  readonly #plan: SeedPlan;
  readonly #options: OpenOptions;
  readonly #cluster: DrilledCluster;
  readonly #place: KubernetesPlace;
  readonly #names: Names;
  readonly #api: KubernetesApi;
  readonly #definitions: readonly string[];
  readonly #ofCluster: ClusterObjects;
  readonly #restoresToStaging: boolean;
  readonly #volumes: Volumes;
  readonly #markers: NamespaceMarkers;
  #service: HttpService | undefined;
  #persistentVolumes: readonly string[] = [];
  /** The namespace for users: the original until its destruction, then the restored one. */
  #liveNamespace: string;
  #samples: readonly Sample[] | undefined;
  /** Jobs and objects of controllers that existed right before the destruction. */
  #beforeDisaster: RecordFile | undefined;
  #destroyed = false;
  /** True until the namespace has gone without removing finalizers. */
  #isHeld = false;
  #disposal: Promise<void> | undefined;

  constructor(plan: SeedPlan, options: OpenOptions, cluster: DrilledCluster, names: Names) {
    const { place } = cluster;
    this.#plan = plan;
    this.#options = options;
    this.#cluster = cluster;
    this.#place = place;
    this.#names = names;
    this.#api = new KubernetesApi(place.kubeconfigPath);
    this.#definitions = plan.manifests.definitions.map(({ metadata }) => metadata.name);
    this.#ofCluster = new ClusterObjects(this.#api, plan.manifests, names, options.drillId);
    this.#restoresToStaging = options.disaster === NAMESPACE_DELETED_TO_STAGING;
    this.#liveNamespace = names.namespace;
    this.speedControl = {
      what: 'the API server of the cluster',
      ask: async (signal) => void (await this.#api.getObject('/api/v1/namespaces/default', signal)),
    };
    const namespace = () => this.#liveNamespace;
    const kubectl = () => options.target.tool('kubectl');
    this.#volumes = new Volumes(plan.volumes, { api: this.#api, kubectl, drillId: options.drillId, namespace });
    this.#markers = new NamespaceMarkers(this.#api, namespace);
    this.lanes = [this.#markers, ...this.#volumes.lanes];
    const service = () => this.#service;
    const samples = () => this.#samples;
    const givenByServer = askingServer(this.#api, namespace);
    this.probe = usersProbe(
      namespaceProbe({ api: this.#api, namespace, samples, givenByServer, mapping: () => this.#mapping() }),
      this.#volumes,
      service,
    );
  }

  async prepare(step: Step): Promise<void> {
    await this.#define(step);
    await bringImages(this.#place, imagesOfPlan(this.#plan), step);
    const { service } = this.#plan;
    if (service === undefined) return;
    this.#service = new HttpService(service, await this.#place.nodes.exposePort());
  }

  async #define({ clock, signal, progress }: Step): Promise<void> {
    if (this.#definitions.length === 0) return;
    progress('defining custom resources, and waiting until Velero knows them');
    await ensureDefinitions(this.#plan.manifests.definitions, this.#names.labels, {
      api: this.#api,
      veleroNamespace: this.#place.veleroNamespace,
      drillId: this.#options.drillId,
      clock,
      signal,
    });
  }

  environment(): Readonly<Record<string, string>> {
    return {
      KUBECONFIG: this.#place.kubeconfigPath,
      ASSET_NAMESPACE: this.#names.namespace,
      RESTORE_NAMESPACE: this.#restoreNamespace(),
      VELERO_NAMESPACE: this.#place.veleroNamespace,
      VELERO_BACKUP_PREFIX: this.#place.backupPrefix,
      ...(this.#cluster.loses === 'region' ? variablesOfRegions(this.#cluster.place.regions) : {}),
    };
  }

  async settings(): Promise<Readonly<Record<string, string>>> {
    const { gitVersion } = versionAnswer.parse(await this.#api.get('/version', this.#options.step.signal));
    return { ...this.#place.settings, 'kubernetes version': gitVersion, namespace: this.#names.namespace };
  }

  async seed(step: Step): Promise<Seeded> {
    const { drillId } = this.#options;
    const ofCluster = await this.#ofCluster.create(step);
    const counts = await seedNamespace(
      this.#api,
      this.#plan,
      this.#names,
      drillId,
      (object) => this.#service?.exposed(object) ?? object,
      step,
    );
    const { objects } = this.#plan.manifests;
    await learnSecretValues(this.#api, this.#names.namespace, objects, step.secrets, step.signal);
    const filled = await this.#volumes.seed(step);
    await this.#service?.begin(step);
    this.#persistentVolumes = await boundVolumes(this.#api, this.#names.namespace, step.signal);
    const customKinds = this.#plan.manifests.definitions.map(customKindOf);
    const { namespace } = this.#names;
    const planned = () => plannedObjects(this.#plan, this.#names, drillId);
    const samples = await takeSamples(this.#api, namespace, planned(), customKinds, step.signal);
    this.#markers.keepIn(await choosePlace(this.#api, namespace, planned(), samples, step));
    this.#samples = samples;
    let [items, bytes] = [0, 0];
    for await (const item of this.#content(step, 'observed')) {
      if (!isCompared(item)) continue;
      items += 1;
      bytes += item.sizeBytes;
    }
    const kinds = [...counts, ...countsOf(ofCluster)].map(([kind, count]) => `${count} ${kind}`);
    return { items, bytes, parts: [...kinds, ...filled, `${formatSize(bytes)} of content`] };
  }

  expectedProof(): AssetProof {
    const { accepts } = this.#plan;
    const absence =
      this.#cluster.loses === 'namespace'
        ? [
            ...namespaceReads(this.#names.namespace),
            ...volumeReads(this.#persistentVolumes.length),
            ...this.#ofCluster.absenceReads(),
          ]
        : controlPlaneReads(this.#cluster);
    return {
      absence,
      ...(accepts === undefined ? {} : { assurances: [{ promise: 'acceptance', what: accepts.description }] }),
    };
  }

  async fingerprint(step: Step): Promise<Fingerprint> {
    const path = join(step.scratchDir, `kubernetes-${this.#options.drillId}-${randomUUID()}.ndjson`);
    return await writeFingerprint(path, this.#content(step, 'expected'), step.signal);
  }

  async alter({ signal }: Step): Promise<readonly string[]> {
    const { drillId } = this.#options;
    return await alterNamespace({ api: this.#api, plan: this.#plan, names: this.#names, drillId, signal });
  }

  async identify(step: Step): Promise<readonly Identity[]> {
    const definitions = this.#lostDefinitions().map(definitionPath);
    const others = [...definitions, ...this.#ofCluster.identityPaths()];
    const [objects, volumes] = await Promise.all([
      identities(this.#api, this.#liveNamespace, this.#samples ?? [], others, step.signal),
      this.#volumes.identities(step.signal),
    ]);
    return [...objects, ...volumes];
  }

  /** Returns the CRDs that the disaster destroys. On a surviving control plane there are none, because other drills share its CRDs. */
  #lostDefinitions(): readonly string[] {
    return this.#cluster.loses === 'namespace' ? [] : this.#definitions;
  }

  async destroy(step: Step): Promise<Destruction> {
    const { namespace } = this.#names;
    await requireOwnNamespace(this.#api, namespace, this.#options.target.sessionId, step.signal);
    this.#beforeDisaster = await this.#listPassing(step);
    this.#destroyed = true;
    this.#isHeld = true;
    const destruction =
      this.#cluster.loses === 'namespace'
        ? await deleteNamespace(this.#api, namespace, this.#ofCluster, step)
        : { exercised: await this.#cluster.place.lose() };
    this.#isHeld = false;
    if (this.#cluster.loses === 'namespace') await untilVolumesGone(this.#api, this.#persistentVolumes, step);
    this.#liveNamespace = this.#restoreNamespace();
    return destruction;
  }

  async proveGone(step: Step): Promise<readonly AbsenceCheck[]> {
    if (this.#cluster.loses === 'namespace') return await this.#namespaceGone(this.#names.namespace, step.signal);
    return await controlPlaneAbsence(this.#api, this.#cluster, step.signal);
  }

  async #namespaceGone(namespace: string, signal: AbortSignal): Promise<readonly AbsenceCheck[]> {
    const checks = await Promise.all([
      namespaceAbsence(this.#api, namespace, signal),
      volumeAbsence(this.#api, this.#persistentVolumes, signal),
      this.#ofCluster.absence(signal),
    ]);
    return checks.flat();
  }

  async provision(step: Step): Promise<void> {
    if (this.#cluster.loses === 'namespace') return;
    const { loses, place } = this.#cluster;
    const turn = loses === 'region' ? STANDBY_CONTROL_PLANE : EMPTY_CONTROL_PLANE;
    step.progress(turn.what);
    await performing(step, turn, async () => await place.replace(step.signal));
    await bringImages(this.#place, imagesOfPlan(this.#plan), step);
  }

  /**
   * Removes the restored namespace and the cluster-scoped objects by name: restored objects may lack the mark, but their
   * names hold the drill's id.
   */
  readonly clearing: Clearing = {
    clear: async (step) => {
      const namespace = this.#liveNamespace;
      this.#persistentVolumes = await boundVolumes(this.#api, namespace, step.signal);
      this.#isHeld = true;
      await removeNamespace(this.#api, namespace, step);
      this.#isHeld = false;
      await this.#ofCluster.remove(step.signal);
      for (const name of this.#lostDefinitions()) await removeDefinition(this.#api, name, step);
      await untilVolumesGone(this.#api, this.#persistentVolumes, step);
    },
    proveGone: async ({ signal }) => [
      ...(await this.#namespaceGone(this.#liveNamespace, signal)),
      ...(await Promise.all(this.#lostDefinitions().map((name) => definitionAbsence(this.#api, name, signal)))),
    ],
  };

  async compare(expected: Fingerprint, step: Step): Promise<Comparison> {
    // A missing pod is a better explanation than the failure to read its volume.
    await this.#volumes.untilReady(step);
    return await compareContent(readFingerprint(expected), this.#content(step, 'observed'), {
      signal: step.signal,
      mapping: this.#mapping(),
      alsoNotVerified: this.#plan.volumes.length > 0 ? FILES_NOT_VERIFIED : [],
      givenByServer: askingServer(this.#api, () => this.#liveNamespace),
      isLiving: !this.#destroyed,
      beforeDisaster: this.#beforeDisaster === undefined ? undefined : readFingerprint(this.#beforeDisaster),
    });
  }

  /** Lists Jobs and objects of controllers, which come and go by themselves: a restore may bring back the last ones. */
  async #listPassing({ scratchDir, signal }: Step): Promise<RecordFile> {
    const path = join(scratchDir, `kubernetes-${this.#options.drillId}-passing.ndjson`);
    const place = { namespace: this.#liveNamespace, definitions: [], ofCluster: undefined };
    return await writeRecords(path, contentOf(this.#api, place, signal, isPassing), signal);
  }

  async assurances({ signal }: Step): Promise<readonly Assurance[]> {
    const { accepts } = this.#plan;
    return accepts === undefined ? [] : [await assuranceOf(accepts, this.#api, this.#liveNamespace, signal)];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= this.#dispose();
    await this.#disposal;
  }

  async #dispose(): Promise<void> {
    const { clock } = this.#options.step;
    this.#volumes[Symbol.dispose]();
    await using scope = new Scope({ what: `namespace ${this.#names.namespace}`, clock });
    scope.defer('API client', async () => this.#api[Symbol.dispose]());
    // The node port is free for others once its Service is gone.
    scope.defer('node port', async () => await this.#service?.[Symbol.asyncDispose]());
    scope.defer('objects of the drill', async () => {
      // A dedicated control plane is removed as a whole.
      if (this.#cluster.loses !== 'namespace') await this.#place[Symbol.asyncDispose]();
      else {
        await cleanUp({
          api: this.#api,
          veleroNamespace: this.#place.veleroNamespace,
          names: this.#names,
          ofCluster: this.#ofCluster,
          mayBeHeld: this.#plan.manifests.objects.some(isHeldOpen) || this.#isHeld,
          destroyed: this.#destroyed,
          volumes: this.#persistentVolumes.length > 0,
          clock,
        });
      }
    });
  }

  async *#content(step: Step, hooks: 'expected' | 'observed'): AsyncGenerator<ContentItem, void> {
    const place = { namespace: this.#liveNamespace, definitions: this.#definitions, ofCluster: this.#ofCluster };
    yield* contentOf(this.#api, place, step.signal);
    yield* this.#volumes.content(step.signal, hooks);
  }

  /** Returns the mapping if the content is in another namespace than the seeded one. */
  #mapping(): NamespaceMapping | undefined {
    const { namespace } = this.#names;
    return this.#liveNamespace === namespace ? undefined : { from: namespace, to: this.#liveNamespace };
  }

  #restoreNamespace(): string {
    return this.#restoresToStaging ? this.#names.stagingNamespace : this.#names.namespace;
  }
}

/** Where the backups of the region in charge lie, and the bucket of the other region, into which the platform copies them. */
const variablesOfRegions = ({ primary, standby }: RegionStores): Readonly<Record<string, string>> => ({
  VELERO_BUCKET: primary.bucket,
  VELERO_BUCKET_REGION: primary.region,
  VELERO_COPY_BUCKET: standby.bucket,
  VELERO_COPY_REGION: standby.region,
});
