import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import type { OpenAsset } from '../model/asset.ts';
import type { Secrets } from '../model/secrets.ts';
import type { KubernetesPlace, S3Place, Target } from '../model/target.ts';

/** The part of a kubeconfig that holds credentials (https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/). */
const kubeconfigSchema = z.looseObject({
  users: z
    .array(
      z.looseObject({
        user: z
          .looseObject({
            token: z.string().optional(),
            password: z.string().optional(),
            'client-key-data': z.string().optional(),
          })
          .nullish(),
      }),
    )
    .nullish(),
});

/** The same target; every credential that it hands out is known to `secrets` before anybody can use it. */
export function tellingCredentials(target: Target, secrets: Secrets): Target {
  if (target.capabilities.includes('s3')) addS3(target.s3, secrets);
  const nats = <T extends { readonly url: string }>(place: T): T => {
    for (const url of place.url.split(',')) secrets.addCredentialsOf(url, 'URL of a NATS server');
    return place;
  };
  const kubernetes = (place: KubernetesPlace) => tellingKubeconfig(place, secrets);
  const { dedicatedNatsCluster, dedicatedKubernetesRegions, dedicatedRegions, enforcingStore } = target;
  return instead(target, {
    sharedNats: async () => nats(await target.sharedNats()),
    dedicatedNats: async (...given) => nats(await target.dedicatedNats(...given)),
    sharedKubernetes: async () => await kubernetes(await target.sharedKubernetes()),
    dedicatedKubernetes: async (...given) => await kubernetes(await target.dedicatedKubernetes(...given)),
    ...(dedicatedNatsCluster && {
      dedicatedNatsCluster: async (...given) => nats(await dedicatedNatsCluster.apply(target, given)),
    }),
    ...(dedicatedKubernetesRegions && {
      dedicatedKubernetesRegions: async (...given) =>
        await kubernetes(await dedicatedKubernetesRegions.apply(target, given)),
    }),
    ...(enforcingStore && {
      enforcingStore: async (...given) => {
        const store = await enforcingStore.apply(target, given);
        addS3(store.s3, secrets);
        return store;
      },
    }),
    ...(dedicatedRegions && {
      dedicatedRegions: async (...given) => {
        const pair = await dedicatedRegions.apply(target, given);
        for (const { url } of [pair.primary, pair.standby]) nats({ url });
        secrets.add(pair.credentials.operatorPassword, 'password of the NATS operator of a pair of regions');
        secrets.add(pair.credentials.systemPassword, 'password of the NATS system account of a pair of regions');
        return pair;
      },
    }),
  });
}

/** Says of every variable of an asset whether it is secret: what the asset declares, what a URL holds, and nothing else of it. */
export function addVariablesOfAsset(
  { secretVariables = [] }: Pick<OpenAsset, 'secretVariables'>,
  environment: Readonly<Record<string, string>>,
  secrets: Secrets,
): void {
  for (const [name, value] of Object.entries(environment)) {
    if (secretVariables.includes(name)) secrets.add(value, `variable ${name} of the asset`);
    secrets.addCredentialsOf(value, `variable ${name} of the asset`);
    secrets.addPublic(value);
  }
}

function addS3(place: S3Place, secrets: Secrets): void {
  const { accessKeyId, secretAccessKey, endpoint, endpointFromPods, region, backupBucket } = place;
  secrets.add(accessKeyId, "access key id of the target's S3");
  secrets.add(secretAccessKey, "secret access key of the target's S3");
  for (const value of [endpoint, endpointFromPods, region, backupBucket]) secrets.addPublic(value ?? '');
}

/** A control plane that was replaced has other credentials in the same file. */
async function tellingKubeconfig(place: KubernetesPlace, secrets: Secrets): Promise<KubernetesPlace> {
  const { replace } = place;
  await addKubeconfig(place.kubeconfigPath, secrets);
  if (replace === undefined) return place;
  return instead(place, {
    replace: async (signal) => {
      await replace.call(place, signal);
      await addKubeconfig(place.kubeconfigPath, secrets);
    },
  });
}

async function addKubeconfig(path: string, secrets: Secrets): Promise<void> {
  const origin = `kubeconfig ${path}`;
  const { users } = kubeconfigSchema.parse(parse(await readFile(path, 'utf8')));
  for (const { user } of users ?? []) {
    if (user?.token !== undefined) secrets.add(user.token, origin);
    if (user?.password !== undefined) secrets.add(user.password, origin);
    const key = user?.['client-key-data'];
    if (key !== undefined) secrets.addBase64(key, origin);
  }
}

/** The same object with some of its members replaced; the others run on the object itself, which may have private fields. */
function instead<T extends object>(original: T, members: Partial<T>): T {
  const replaced = new Map<PropertyKey, unknown>(Object.entries(members));
  return new Proxy(original, {
    get: (_, name) => {
      if (replaced.has(name)) return replaced.get(name);
      const member: unknown = Reflect.get(original, name, original);
      return typeof member === 'function' ? member.bind(original) : member;
    },
  });
}
