import type { OpenAsset } from '../model/asset.ts';
import { instead } from '../model/instead.ts';
import type { Secrets } from '../model/secrets.ts';
import type { Asked, Service } from '../model/service.ts';
import type { Target } from '../model/target.ts';

/** The same target; every credential that it hands out is known to `secrets` before anybody can use it. */
export async function tellingCredentials(target: Target, secrets: Secrets): Promise<Target> {
  await target.tellCredentials(secrets);
  return instead(target, {
    place: async <Place, Request>(service: Service<Place, Request>, ...asked: Asked<Request>): Promise<Place> =>
      await service.tellCredentials(await target.place(service, ...asked), secrets),
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
