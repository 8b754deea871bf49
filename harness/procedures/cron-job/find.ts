import { ContractMistakeError, summaryOf } from '../../model/errors.ts';
import type { ManifestObject } from '../../model/rendering.ts';
import { issuesInWords } from '../../model/text.ts';
import type { CronJobOfManifests } from './options.ts';
import { type Content, type CronJobObject, configMapContent, cronJobObject, secretContent } from './spec.ts';

/** A CronJob and what its manifests declare beside it. */
export interface FoundCronJob {
  readonly cronJob: CronJobObject;
  /** As the manifest has it, for the API. */
  readonly manifest: ManifestObject;
  readonly namespace: string;
  readonly configMaps: ReadonlyMap<string, Content>;
  readonly secrets: ReadonlyMap<string, Content>;
  /** Objects of its namespace that its pods may want: ServiceAccounts, claims, roles. */
  readonly others: readonly ManifestObject[];
}

/**
 * The CronJob of that name, with the objects of its namespace.
 * @param objects what kubectl makes of the manifests.
 * @throws {ContractMistakeError} when there is none, there are several, or it is not well formed.
 */
export function findCronJob(
  objects: readonly ManifestObject[],
  { manifests, name, namespace }: CronJobOfManifests,
): FoundCronJob {
  const cronJobs = objects.filter(({ kind }) => kind === 'CronJob');
  const inNamespace = (object: ManifestObject) => namespace === undefined || namespaceOf(object) === namespace;
  const found = cronJobs.filter((object) => object.metadata.name === name && inNamespace(object));
  const [manifest, another] = found;
  if (manifest === undefined || another !== undefined) {
    const present = cronJobs.map((object) => `${namespaceOf(object)}/${object.metadata.name}`).join(', ');
    throw wrong(
      `${manifests} has ${manifest === undefined ? 'none' : 'several'} of that name${present === '' ? ', and no other CronJob' : `; there: ${present}`}`,
      namespace === undefined ? name : `${namespace}/${name}`,
    );
  }
  const parsed = cronJobObject.safeParse(manifest);
  if (!parsed.success) {
    throw wrong(`${manifests}: ${issuesInWords(parsed.error)}`, name);
  }
  const own = namespaceOf(manifest);
  const neighbours = objects.filter((object) => namespaceOf(object) === own);
  const contents = (kind: string, read: (object: unknown) => Content) =>
    new Map(neighbours.filter((object) => object.kind === kind).map((object) => contentOf(object, read, manifests)));
  return {
    cronJob: parsed.data,
    manifest,
    namespace: own,
    configMaps: contents('ConfigMap', configMapContent),
    secrets: contents('Secret', secretContent),
    others: neighbours.filter(({ kind }) => POD_NEEDS.has(kind)),
  };
}

/** @throws {ContractMistakeError} for a value that is no text, which the API refuses, too. */
function contentOf(
  object: ManifestObject,
  read: (object: unknown) => Content,
  manifests: string,
): readonly [string, Content] {
  const { kind, metadata } = object;
  try {
    return [metadata.name, read(object)];
  } catch (error) {
    throw new ContractMistakeError(
      {
        thing: `${kind} ${metadata.name} in ${manifests}`,
        expected: 'only texts as values, as the API does',
        observed: summaryOf(error),
        nextStep: 'Put the value into quotes.',
      },
      { cause: error },
    );
  }
}

const POD_NEEDS = new Set(['ServiceAccount', 'PersistentVolumeClaim', 'Role', 'RoleBinding']);

const namespaceOf = ({ metadata }: ManifestObject): string => metadata.namespace ?? 'default';

function wrong(observed: string, name: string): ContractMistakeError {
  return new ContractMistakeError({
    thing: `CronJob ${name}`,
    expected: 'one batch/v1 CronJob of that name in the manifests',
    observed,
    nextStep: 'Correct `manifests`, `name` or `namespace` of cronJob({ … }).',
  });
}
