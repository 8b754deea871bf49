import { z } from 'zod';

// Velero's objects and those of Kubernetes, as far as they tell whether an installation of Velero works. What a cluster's owner left
// out is read as the API server or Velero takes it.

const named = z.looseObject({ name: z.string() });

/** What Velero says of a Schedule. */
export const scheduleStatus = z
  .looseObject({ phase: z.string().optional(), validationErrors: z.array(z.string()).default([]) })
  .default({ validationErrors: [] });

/** What Velero says of a storage location. */
export const locationStatus = z
  .looseObject({ phase: z.string().optional(), message: z.string().optional() })
  .default({});

export const objectStorage = z.looseObject({ bucket: z.string(), prefix: z.string().default('') });

export const resourceListSchema = z.looseObject({ resources: z.array(named) });

export const statusRequestSchema = z.looseObject({
  status: z
    .looseObject({
      phase: z.string().optional(),
      serverVersion: z.string().default(''),
      plugins: z
        .array(z.looseObject({ name: z.string(), kind: z.string() }))
        .nullish()
        .transform((plugins) => plugins ?? []),
    })
    .optional(),
});

export const locationSchema = z.looseObject({
  metadata: named,
  spec: z.looseObject({
    provider: z.string(),
    objectStorage: objectStorage.optional(),
    config: z.record(z.string(), z.string()).nullish(),
    accessMode: z.string().optional(),
  }),
  status: locationStatus,
});

export const snapshotLocationSchema = z.looseObject({
  metadata: named,
  spec: z.looseObject({ provider: z.string() }),
});

const namespaces = z
  .array(z.string())
  .nullish()
  .transform((given) => given ?? []);

export const scheduleSchema = z.looseObject({
  metadata: named,
  spec: z.looseObject({
    paused: z.boolean().default(false),
    template: z.looseObject({
      includedNamespaces: namespaces,
      excludedNamespaces: namespaces,
      defaultVolumesToFsBackup: z.boolean().nullish(),
      snapshotMoveData: z.boolean().nullish(),
    }),
  }),
  status: scheduleStatus,
});

export const backupSchema = z.looseObject({
  metadata: z.looseObject({ name: z.string(), creationTimestamp: z.string() }),
  status: z
    .looseObject({
      phase: z.string().default('New'),
      startTimestamp: z.string().nullish(),
      failureReason: z.string().default(''),
      validationErrors: z.array(z.string()).default([]),
      errors: z.int().default(0),
    })
    .default({ phase: 'New', failureReason: '', validationErrors: [], errors: 0 }),
});

export const deploymentSchema = z.looseObject({
  metadata: named,
  spec: z.looseObject({
    template: z.looseObject({
      spec: z.looseObject({
        containers: z.array(
          z.looseObject({ args: z.array(z.string()).default([]), command: z.array(z.string()).default([]) }),
        ),
      }),
    }),
  }),
});

export const nodeSchema = z.looseObject({
  metadata: z.looseObject({ name: z.string(), labels: z.record(z.string(), z.string()).default({}) }),
  spec: z
    .looseObject({
      unschedulable: z.boolean().default(false),
      taints: z
        .array(z.looseObject({ key: z.string(), effect: z.string() }))
        .nullish()
        .transform((taints) => taints ?? []),
    })
    .default({ unschedulable: false, taints: [] }),
});

export const podSchema = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string(),
    annotations: z.record(z.string(), z.string()).default({}),
  }),
  spec: z.looseObject({
    nodeName: z.string().default(''),
    volumes: z
      .array(named)
      .nullish()
      .transform((volumes) => volumes ?? []),
  }),
  status: z
    .looseObject({
      phase: z.string().default(''),
      conditions: z.array(z.looseObject({ type: z.string(), status: z.string() })).default([]),
    })
    .default({ phase: '', conditions: [] }),
});
