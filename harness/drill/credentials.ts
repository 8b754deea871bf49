import type { OpenAsset } from '../model/asset.ts';
import { instead } from '../model/instead.ts';
import type { Secrets } from '../model/secrets.ts';
import type { Asked, Service } from '../model/service.ts';
import type { Target } from '../model/target.ts';

/** Wraps the target: `secrets` knows every credential before a caller can use it. */
export async function tellingCredentials(target: Target, secrets: Secrets): Promise<Target> {
  await target.tellCredentials(secrets);
  return instead(target, {
    place: async <Place, Request>(service: Service<Place, Request>, ...asked: Asked<Request>): Promise<Place> =>
      await service.tellCredentials(await target.place(service, ...asked), secrets),
  });
}

/**
 * Adds the variables of an asset to the secrets: those that the asset declares secret, and credentials in URLs. The other values are
 * undeclared.
 */
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
