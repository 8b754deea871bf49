import { parse } from 'yaml';

/** What a ConfigMap for Velero holds; undefined where it is no YAML, which Velero is to refuse in its own words. */
export function parsedYaml(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}
