import { z } from 'zod';
import { type RecordFile, readRecords, writeRecords } from '../../asset-kit/record-file.ts';
import { CUSTOM_RESOURCE_DEFINITIONS, type KubernetesApi, NAMESPACES } from '../../clients/kubernetes-api.ts';
import type { KubernetesObject } from '../../clients/kubernetes-object.ts';
import type { Fingerprint, Identity } from '../../model/asset.ts';
import { type ContentItem, isCompared } from './content.ts';
import { collectionPath } from './discovery.ts';
import type { Sample } from './probe.ts';

const contentItem = z.object({
  kind: z.string(),
  name: z.string(),
  sizeBytes: z.number(),
  digest: z.string(),
  fields: z.record(z.string(), z.string()),
  madeBy: z.string().optional(),
  looksMade: z.boolean().optional(),
  ended: z.boolean().optional(),
});

/** Writes the content to a file, one object per line, and counts the compared ones. The file has digests in place of secret values. */
export async function writeFingerprint(
  path: string,
  content: AsyncIterable<ContentItem>,
  signal: AbortSignal,
): Promise<Fingerprint> {
  const kinds = new Map<string, number>();
  let [compared, bytes] = [0, 0];
  const items = async function* () {
    for await (const item of content) {
      yield item;
      if (!isCompared(item)) continue;
      kinds.set(item.kind, (kinds.get(item.kind) ?? 0) + 1);
      compared += 1;
      bytes += item.sizeBytes;
    }
  };
  const { digest } = await writeRecords(path, items(), signal);
  return {
    path,
    items: compared,
    bytes,
    digest,
    kinds: [...kinds].map(([kind, count]) => ({ kind, items: count })),
  };
}

/** The objects of a fingerprint, in the order in which they were written. */
export function readFingerprint(file: RecordFile): AsyncGenerator<ContentItem, void, undefined> {
  return readRecords(file, contentItem);
}

/** Returns UIDs of the namespace, of the samples, and of other destroyed objects; missing ones are left out. */
export async function identities(
  api: KubernetesApi,
  namespace: string,
  samples: readonly Sample[],
  others: readonly (readonly [what: string, path: string])[],
  signal: AbortSignal,
): Promise<readonly Identity[]> {
  const paths: [string, string][] = [
    ['UID of the namespace', `${NAMESPACES}/${namespace}`],
    ...samples.map(({ type, name }): [string, string] => [
      `UID of ${type.kind} ${name}`,
      `${collectionPath(type, namespace)}/${name}`,
    ]),
    ...others.map(([what, path]): [string, string] => [what, path]),
  ];
  const found = await Promise.all(
    paths.map(async ([what, path]) => identityOf(what, await api.findObject(path, signal))),
  );
  return found.filter((identity) => identity !== undefined);
}

function identityOf(what: string, object: KubernetesObject | undefined): Identity | undefined {
  const uid = object?.metadata.uid;
  return uid === undefined ? undefined : { what, value: uid };
}

export const definitionPath = (name: string): readonly [string, string] => [
  `UID of CRD ${name}`,
  `${CUSTOM_RESOURCE_DEFINITIONS}/${name}`,
];
