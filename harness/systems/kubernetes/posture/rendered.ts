import { parseAllDocuments } from 'yaml';
import { ExplainedError } from '../../../model/errors.ts';
import type { Target } from '../../../model/target.ts';
import { runCommand } from '../../../process/run.ts';
import { type ManifestObject, manifestObject } from '../objects.ts';

/** The objects that a kustomization makes, as `kubectl kustomize` renders them, with those values in the place of their names. */
export async function renderKustomization(
  target: Pick<Target, 'tool'>,
  folder: string,
  values: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<readonly ManifestObject[]> {
  const args = ['kustomize', folder];
  const { stdout } = await runCommand(
    { name: `kubectl kustomize ${folder}`, file: target.tool('kubectl'), args },
    signal,
  );
  const filled = Object.entries(values).reduce((text, [name, value]) => text.replaceAll(name, value), stdout);
  return parseAllDocuments(filled)
    .map((document): unknown => document.toJS())
    .filter((value) => value !== null && value !== undefined)
    .map((value) => {
      const object = manifestObject.safeParse(value);
      if (object.success) return object.data;
      throw new ExplainedError(
        {
          thing: `kustomization ${folder}`,
          expected: 'Kubernetes objects with apiVersion, kind and metadata.name',
          observed: 'one of those that it makes is none',
          nextStep: `Run: kubectl kustomize ${folder}`,
        },
        { cause: object.error },
      );
    });
}
