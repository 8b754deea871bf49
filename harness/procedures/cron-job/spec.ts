import { z } from 'zod';

const named = z.looseObject({ name: z.string().min(1), optional: z.boolean().default(false) });
const keyed = named.extend({ key: z.string().min(1) });
const item = z.looseObject({ key: z.string(), path: z.string(), mode: z.int().optional() });

const variable = z.looseObject({
  name: z.string().min(1),
  value: z.string().optional(),
  valueFrom: z
    .looseObject({
      secretKeyRef: keyed.optional(),
      configMapKeyRef: keyed.optional(),
      fieldRef: z.looseObject({ fieldPath: z.string() }).optional(),
    })
    .optional(),
});
export type Variable = z.output<typeof variable>;

const port = z.union([z.int(), z.string()]);
const probe = z.looseObject({
  exec: z.looseObject({ command: z.array(z.string()).min(1) }).optional(),
  httpGet: z
    .looseObject({ port, path: z.string().default('/'), scheme: z.enum(['HTTP', 'HTTPS']).default('HTTP') })
    .optional(),
  tcpSocket: z.looseObject({ port }).optional(),
  initialDelaySeconds: z.int().nonnegative().default(0),
  periodSeconds: z.int().positive().default(10),
  timeoutSeconds: z.int().positive().default(1),
  failureThreshold: z.int().positive().default(3),
});
export type Probe = z.output<typeof probe>;

const container = z.looseObject({
  name: z.string().min(1),
  image: z.string().default(''),
  command: z.array(z.string()).default([]),
  args: z.array(z.string()).default([]),
  /** `Always` makes an init container a sidecar: it runs beside the others (Kubernetes 1.29). */
  restartPolicy: z.string().optional(),
  startupProbe: probe.optional(),
  ports: z.array(z.looseObject({ name: z.string().optional(), containerPort: z.int() })).default([]),
  workingDir: z.string().optional(),
  env: z.array(variable).default([]),
  envFrom: z
    .array(
      z.looseObject({ prefix: z.string().default(''), configMapRef: named.optional(), secretRef: named.optional() }),
    )
    .default([]),
  volumeMounts: z
    .array(
      z.looseObject({
        name: z.string(),
        mountPath: z.string().regex(/^\/[^/]/, 'must be an absolute path other than /'),
        subPath: z.string().optional(),
        subPathExpr: z.string().optional(),
        readOnly: z.boolean().default(false),
      }),
    )
    .default([]),
});
export type Container = z.output<typeof container>;

const files = { items: z.array(item).optional(), optional: z.boolean().default(false) };
const mode = z.int().default(0o644);
const configMapSource = z.looseObject({ name: z.string(), ...files });
const secretSource = z.looseObject({ name: z.string(), ...files });

const fieldFile = z.looseObject({ path: z.string(), fieldRef: z.looseObject({ fieldPath: z.string() }).optional() });

/** A volume without a source is an emptyDir (k8s.io/kubernetes pkg/apis/core/v1: SetDefaults_Volume). */
const volume = z
  .looseObject({
    name: z.string(),
    configMap: configMapSource.extend({ defaultMode: mode }).optional(),
    secret: z.looseObject({ secretName: z.string(), ...files, defaultMode: mode }).optional(),
    emptyDir: z.looseObject({}).nullish(),
    persistentVolumeClaim: z.looseObject({ claimName: z.string(), readOnly: z.boolean().default(false) }).optional(),
    downwardAPI: z.looseObject({ defaultMode: mode, items: z.array(fieldFile).default([]) }).optional(),
    projected: z
      .looseObject({
        defaultMode: mode,
        sources: z.array(
          z.looseObject({
            configMap: configMapSource.optional(),
            secret: secretSource.optional(),
            downwardAPI: z.looseObject({ items: z.array(fieldFile).default([]) }).optional(),
          }),
        ),
      })
      .optional(),
  })
  .transform((read) => (Object.keys(read).length === 1 ? { ...read, emptyDir: {} } : read));
export type Volume = z.output<typeof volume>;

const podSpec = z.looseObject({
  serviceAccountName: z.string().optional(),
  initContainers: z.array(container).default([]),
  containers: z.array(container).min(1),
  volumes: z.array(volume).default([]),
});
export type PodSpec = z.output<typeof podSpec>;

/** A CronJob as `batch/v1` declares it; of the rest only what a drill needs to know. */
export const cronJobObject = z.looseObject({
  apiVersion: z.literal('batch/v1'),
  kind: z.literal('CronJob'),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
  spec: z.looseObject({
    schedule: z.string().min(1),
    timeZone: z.string().optional(),
    jobTemplate: z.looseObject({
      metadata: z
        .looseObject({
          labels: z.record(z.string(), z.string()).optional(),
          annotations: z.record(z.string(), z.string()).optional(),
        })
        .optional(),
      spec: z.looseObject({ template: z.looseObject({ spec: podSpec }) }),
    }),
  }),
});
export type CronJobObject = z.output<typeof cronJobObject>;

const data = z.looseObject({
  metadata: z.looseObject({ name: z.string() }),
  data: z.record(z.string(), z.string()).default({}),
  stringData: z.record(z.string(), z.string()).default({}),
  binaryData: z.record(z.string(), z.string()).default({}),
});

/** The content of a ConfigMap or a Secret, by key. */
export type Content = ReadonlyMap<string, Buffer>;

/** @throws a ZodError for what is none. */
export function configMapContent(object: unknown): Content {
  const { data: text, binaryData } = data.parse(object);
  return new Map([...decoded(text, 'utf8'), ...decoded(binaryData, 'base64')]);
}

/** @throws a ZodError for what is none. */
export function secretContent(object: unknown): Content {
  const { data: encoded, stringData } = data.parse(object);
  return new Map([...decoded(encoded, 'base64'), ...decoded(stringData, 'utf8')]);
}

const decoded = (values: Readonly<Record<string, string>>, encoding: 'utf8' | 'base64'): [string, Buffer][] =>
  // SOPS leaves no base64 in `data`.
  Object.entries(values).map(([key, value]) => [key, Buffer.from(value, value.startsWith('ENC[') ? 'utf8' : encoding)]);
