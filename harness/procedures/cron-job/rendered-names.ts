import type { FoundCronJob } from './find.ts';
import type { CronJobSettings } from './options.ts';

/** What kustomize puts behind the name of a generated Secret or ConfigMap (sigs.k8s.io/kustomize/api/hasher: encode). */
const HASH = /-[gh2k456789mbcdtf]{10}$/;

/** The settings with Secrets by the names that kustomize gave them. An author writes the name of the generator. */
export function withRenderedNames(settings: CronJobSettings, { secrets }: FoundCronJob): CronJobSettings {
  const rendered = (name: string): string =>
    secrets.has(name) ? name : ([...secrets.keys()].find((each) => each.replace(HASH, '') === name) ?? name);
  return {
    ...settings,
    secrets: Object.fromEntries(Object.entries(settings.secrets).map(([name, content]) => [rendered(name), content])),
    keeps: settings.keeps.map((kept) => (typeof kept === 'string' ? kept : { ...kept, secret: rendered(kept.secret) })),
  };
}
