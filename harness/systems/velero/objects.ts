import { ApiException, CoreV1Api, CustomObjectsApi, type KubeConfig } from '@kubernetes/client-node';
import { z } from 'zod';
import { kubeConfigFrom } from '../../clients/kubernetes.ts';

const count = z.int().nonnegative().default(0);

const statusSchema = z.looseObject({
  phase: z.string().default('New'),
  errors: count,
  warnings: count,
  validationErrors: z.array(z.string()).default([]),
  failureReason: z.string().optional(),
});

const objectSchema = z.looseObject({
  status: statusSchema.default({ phase: 'New', errors: 0, warnings: 0, validationErrors: [] }),
});
export type VeleroObject = z.infer<typeof objectSchema>;

const locationList = z.looseObject({
  items: z.array(
    z.looseObject({
      metadata: z.looseObject({ name: z.string() }),
      status: z.looseObject({ phase: z.string().optional(), message: z.string().optional() }).optional(),
    }),
  ),
});

const podVolumeList = z.looseObject({
  items: z.array(
    z.looseObject({
      spec: z.looseObject({ volume: z.string(), pod: z.looseObject({ name: z.string() }) }),
      status: z
        .looseObject({
          phase: z.string().default('New'),
          snapshotID: z.string().default(''),
          progress: z.looseObject({ bytesDone: z.number().default(0) }).optional(),
        })
        .default({ phase: 'New', snapshotID: '' }),
    }),
  ),
});

/** The file-system backup of one volume of one pod, as Velero's node agent describes it. */
export interface PodVolumeBackup {
  readonly what: string;
  readonly phase: string;
  readonly snapshotId: string;
  readonly bytesDone: number;
}

/** A volume whose pod runs and asks Velero for a backup of its files. */
export type OptedInVolume = Pick<PodVolumeBackup, 'what'>;

/** https://velero.io/docs/v1.18/file-system-backup/ */
const OPT_IN = 'backup.velero.io/backup-volumes';

const whatOf = (volume: string, pod: string): string => `volume ${volume} of pod ${pod}`;

interface ConfigMap {
  readonly metadata: { readonly name: string; readonly labels: Record<string, string> };
  readonly data: Record<string, string>;
}

/** Reads and makes Velero's own objects. Each one reads the kubeconfig anew: a replaced control plane is found. */
export class VeleroObjects {
  readonly #api: CustomObjectsApi;
  readonly #core: CoreV1Api;
  readonly #namespace: string;

  private constructor(config: KubeConfig, veleroNamespace: string) {
    this.#api = config.makeApiClient(CustomObjectsApi);
    this.#core = config.makeApiClient(CoreV1Api);
    this.#namespace = veleroNamespace;
  }

  /** @throws {ExplainedError} when the kubeconfig cannot be read. */
  static async of(kubeconfigPath: string, veleroNamespace: string): Promise<VeleroObjects> {
    return new VeleroObjects(await kubeConfigFrom(kubeconfigPath), veleroNamespace);
  }

  /** The object, or nothing when it does not exist. */
  async find(plural: 'backups' | 'restores' | 'schedules', name: string): Promise<VeleroObject | undefined> {
    try {
      return objectSchema.parse(await this.#api.getNamespacedCustomObject({ ...this.#collection(plural), name }));
    } catch (error) {
      if (error instanceof ApiException && error.code === 404) return undefined;
      throw withoutBody(error);
    }
  }

  /** Makes the object; one of the same name that is there already stays as it is. */
  async ensure(plural: 'schedules', body: object): Promise<void> {
    try {
      await this.#api.createNamespacedCustomObject({ ...this.#collection(plural), body });
    } catch (error) {
      if (error instanceof ApiException && error.code === 409) return;
      throw withoutBody(error);
    }
  }

  /** Makes the ConfigMap beside Velero's objects; one of the same name that is there already stays as it is. */
  async ensureConfigMap(body: ConfigMap): Promise<void> {
    try {
      await this.#core.createNamespacedConfigMap({ namespace: this.#namespace, body });
    } catch (error) {
      if (error instanceof ApiException && error.code === 409) return;
      throw withoutBody(error);
    }
  }

  /** Every volume whose files the backup holds. Empty where no pod runs, and for volumes that Velero passes over. */
  async podVolumes(backup: string): Promise<readonly PodVolumeBackup[]> {
    const labelSelector = `velero.io/backup-name=${backup}`;
    const { items } = podVolumeList.parse(
      await this.#api.listNamespacedCustomObject({ ...this.#collection('podvolumebackups'), labelSelector }),
    );
    return items.map(({ spec, status }) => ({
      what: whatOf(spec.volume, spec.pod.name),
      phase: status.phase,
      snapshotId: status.snapshotID,
      bytesDone: status.progress?.bytesDone ?? 0,
    }));
  }

  /** Volumes on claims, of the running pods of a namespace, that are named in their pod's annotation. */
  async optedInVolumes(namespace: string): Promise<readonly OptedInVolume[]> {
    const { items } = await this.#core.listNamespacedPod({ namespace });
    return items.flatMap(({ metadata, spec, status }) => {
      const named = (metadata?.annotations?.[OPT_IN] ?? '').split(',').map((name) => name.trim());
      if (status?.phase !== 'Running') return [];
      return (spec?.volumes ?? [])
        .filter(({ name, persistentVolumeClaim }) => persistentVolumeClaim !== undefined && named.includes(name))
        .map(({ name }) => ({ what: whatOf(name, metadata?.name ?? '') }));
    });
  }

  /** Whether a label keeps the namespace out of every backup. */
  async isLeftOutByLabel(namespace: string): Promise<boolean> {
    const { items } = await this.#core.listNamespace({ labelSelector: 'velero.io/exclude-from-backup=true' });
    return items.some(({ metadata }) => metadata?.name === namespace);
  }

  /** Why Velero cannot use its storage locations: one line for each that is not available. */
  async unusableLocations(): Promise<readonly string[]> {
    const { items } = locationList.parse(
      await this.#api.listNamespacedCustomObject(this.#collection('backupstoragelocations')),
    );
    return items
      .filter(({ status }) => status?.phase !== 'Available')
      .map(
        ({ metadata, status }) =>
          `location ${metadata.name}: ${status?.message ?? status?.phase ?? 'not looked at yet'}`,
      );
  }

  #collection(plural: string) {
    return { group: 'velero.io', version: 'v1', namespace: this.#namespace, plural };
  }
}

/** The client's own message holds the whole answer with all its headers; a reader needs the code and the reason. */
function withoutBody(error: unknown): unknown {
  if (!(error instanceof ApiException)) return error;
  const reason = z.looseObject({ message: z.string() }).safeParse(parsedBody(error.body));
  return new Error(
    `the Kubernetes API answered ${error.code}: ${reason.success ? reason.data.message : 'no reason given'}`,
    { cause: error },
  );
}

function parsedBody(body: unknown): unknown {
  if (typeof body !== 'string') return body;
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
