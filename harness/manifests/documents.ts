import { readFileSync } from 'node:fs';
import { parseAllDocuments, type TagId, type Tags } from 'yaml';
import { ExplainedError } from '../model/errors.ts';
import { platformPath } from '../process/platform-folder.ts';

/**
 * The documents of a YAML file that are not empty.
 * @throws {ExplainedError} for a file that is no YAML; an error for one that cannot be read.
 */
export function readDocuments(path: string): readonly unknown[] {
  const documents = parseAllDocuments(readFileSync(platformPath(path), 'utf8'), {
    schema: 'yaml-1.1',
    customTags: asKubectl,
  });
  return (Array.isArray(documents) ? documents : []).flatMap((document) => {
    const [problem] = document.errors;
    if (problem !== undefined) throw badManifest(path, 'valid YAML', problem.message.split('\n')[0] ?? '', problem);
    const value: unknown = document.toJS();
    return value === null || value === undefined ? [] : [value];
  });
}

/**
 * As kubectl reads YAML: version 1.1, in which 0400 is octal and `yes` is true, but without its dates and base-60 numbers,
 * which JSON cannot hold (https://github.com/kubernetes-sigs/yaml).
 */
function asKubectl(tags: Tags): Tags {
  const unwanted: readonly TagId[] = ['timestamp', 'intTime', 'floatTime'];
  return tags.filter((tag) =>
    typeof tag === 'string'
      ? !unwanted.includes(tag)
      : tag.tag !== 'tag:yaml.org,2002:timestamp' && !('format' in tag && tag.format === 'TIME'),
  );
}

export function badManifest(path: string, expected: string, observed: string, cause?: unknown): ExplainedError {
  return new ExplainedError(
    { thing: `manifests ${path}`, expected, observed, nextStep: 'Correct the path or the file.' },
    { cause },
  );
}
