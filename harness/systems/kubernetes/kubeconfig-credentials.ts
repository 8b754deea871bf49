import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { instead } from '../../model/instead.ts';
import type { Secrets } from '../../model/secrets.ts';
import type { LosablePlace } from '../../model/service.ts';

interface WithKubeconfig {
  readonly kubeconfigPath: string;
}

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

/** Adds the credentials in a cluster's kubeconfig to the secrets. */
export async function tellKubeconfig<Place extends WithKubeconfig>(place: Place, secrets: Secrets): Promise<Place> {
  await addKubeconfig(place.kubeconfigPath, secrets);
  return place;
}

/** The same for a replaceable cluster: the new control plane has other credentials in the same file. */
export async function tellKubeconfigs<Place extends WithKubeconfig & Pick<LosablePlace, 'replace'>>(
  place: Place,
  secrets: Secrets,
): Promise<Place> {
  await addKubeconfig(place.kubeconfigPath, secrets);
  return instead<Place, Pick<LosablePlace, 'replace'>>(place, {
    replace: async (signal) => {
      await place.replace(signal);
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
