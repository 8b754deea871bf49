import { basename } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { credentialLines } from './lines.ts';
import { isCredential, isCredentialField, isHarmless, isSecretValue } from './values.ts';

/** A credential in a field of a document. The value is only for comparisons within the scan and never leaves it. */
export interface FieldFinding {
  /** Such as `Secret writer, password` or `spec.auth.password`. */
  readonly field: string;
  readonly value: string;
}

export interface Documents {
  readonly parsed: readonly unknown[];
  /** Why some documents could not be read; undefined if all were. */
  readonly problem: string | undefined;
}

const STRUCTURED = /\.(ya?ml|json|jsonc)(\.(gotmpl|tpl|tmpl|j2|erb|example|sample|template|dist))?$/i;
const HOLDS_SECRETS = /^[ \t]*["']?kind["']?[ \t]*:[ \t]*["']?(Secret|SecretList|List)\b/m;

/** Returns whether a file is read as documents: by its name, or because it contains manifests. */
export const isStructured = (path: string, content: string): boolean =>
  STRUCTURED.test(path) || HOLDS_SECRETS.test(content);

/** Parses every document of a JSON or YAML file, including Helm templates. */
export function documentsIn(content: string): Documents {
  try {
    return { parsed: [JSON.parse(content)], problem: undefined };
  } catch {
    return yamlDocuments(content.includes('{{') || content.includes('{%') ? withoutTemplates(content) : content);
  }
}

function yamlDocuments(content: string): Documents {
  const parsed: unknown[] = [];
  let problem: string | undefined;
  for (const document of parseAllDocuments(content, { logLevel: 'silent' })) {
    const [error] = document.errors;
    if (error !== undefined) problem ??= error.message.split('\n', 1)[0] ?? 'it is not YAML';
    else {
      try {
        parsed.push(document.toJS());
      } catch (cause) {
        problem ??= cause instanceof Error ? cause.message : String(cause);
      }
    }
  }
  return { parsed, problem };
}

/** Renders a template without values: its defaults, and placeholders. */
function withoutTemplates(content: string): string {
  return content
    .replaceAll(/\{\{-?\s*\/\*[\s\S]*?\*\/\s*-?\}\}/g, '')
    .replaceAll(/\{%[\s\S]*?%\}/g, '')
    .replaceAll(/^[ \t]*\{\{-?[^{}]*\}\}[ \t]*$/gm, '')
    .replaceAll(
      /\{\{[^{}]*\}\}/g,
      (expression) => /\bdefault\s+"([^"]+)"/.exec(expression)?.[1] ?? 'REPLACE_WITH_TEMPLATE',
    );
}

/** Finds credentials in the fields of a document, at any depth. */
export function* credentialFields(document: unknown): Generator<FieldFinding> {
  yield* inValue(document, '', '');
}

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function* inValue(value: unknown, name: string, path: string): Generator<FieldFinding> {
  if (typeof value === 'string') yield* inText(value, name, path);
  else if (typeof value === 'number' && isCredentialField(name, String(value)))
    yield { field: path, value: String(value) };
  else if (Array.isArray(value)) {
    for (const [index, each] of value.entries()) {
      yield* inValue(each, name, `${path}[${index}]`);
      // ["--password", "…"]
      const option = /^--?([a-z][\w-]*)$/i.exec(String(value[index - 1]))?.[1];
      if (option !== undefined && typeof each === 'string' && isCredentialField(option, each)) {
        yield { field: `${path}[${index}]`, value: each };
      }
    }
  } else if (isFields(value)) yield* inFields(value, path);
}

function* inText(text: string, name: string, path: string): Generator<FieldFinding> {
  if (isCredentialField(name, text)) yield { field: path, value: text };
  const [, setting = '', given = ''] = /^-{0,2}([A-Za-z_][\w.-]*)=(.+)$/.exec(text) ?? [];
  if (setting !== '' && isCredentialField(setting, given)) yield { field: `${path}, ${setting}`, value: given };
  // A file inside a ConfigMap or values.
  if (text.includes('\n')) {
    for (const { line, value } of credentialLines(name, text)) yield { field: `${path}, line ${line}`, value };
  }
  // A manifest inside another one, as in the annotation that `kubectl apply` leaves.
  if (!/["']?kind["']?\s*:\s*["']?(Secret|List)/.test(text)) return;
  for (const inner of documentsIn(text).parsed) {
    if (typeof inner === 'object') yield* inValue(inner, '', path);
  }
}

function* inFields(fields: Fields, path: string): Generator<FieldFinding> {
  const { kind, name, value } = fields;
  if (kind === 'Secret') yield* inSecret(fields);
  if (typeof name === 'string' && typeof value === 'string' && isCredential(name, value)) {
    yield { field: `${path === '' ? '' : `${path}, `}${name}`, value };
  }
  yield* inGenerators(fields);
  for (const [key, child] of Object.entries(fields)) {
    const where = path === '' ? key : `${path}.${key}`;
    // Values of a Secret were already scanned; only its controller can read a SealedSecret.
    if (kind === 'Secret' && (key === 'data' || key === 'stringData')) continue;
    if (key === 'encryptedData' || key === 'sops' || key === 'secretGenerator') continue;
    if (key === 'auths' && isFields(child)) yield* inRegistries(child, where);
    else yield* inValue(child, key, where);
  }
}

function* inSecret(secret: Fields): Generator<FieldFinding> {
  const metadata = isFields(secret['metadata']) ? secret['metadata'] : {};
  const name = String(metadata['name'] ?? metadata['generateName'] ?? 'without a name');
  for (const [key, text] of textsOf(secret['stringData'])) {
    if (isSecretValue(key, text)) yield { field: `Secret ${name}, ${key}`, value: text };
  }
  for (const [key, encoded] of textsOf(secret['data'])) {
    const text = Buffer.from(encoded, 'base64').toString('utf8');
    if (!isHarmless(encoded) && isSecretValue(key, text)) yield { field: `Secret ${name}, ${key}`, value: text };
  }
}

function textsOf(values: unknown): readonly (readonly [string, string])[] {
  if (!isFields(values)) return [];
  return Object.entries(values).flatMap(([key, value]) =>
    value === null || typeof value === 'object' ? [] : [[key, String(value)] as const],
  );
}

function* inRegistries(registries: Fields, path: string): Generator<FieldFinding> {
  const text = JSON.stringify({ auths: registries });
  if (isSecretValue('.dockerconfigjson', text)) yield { field: path, value: text };
}

/** `secretGenerator` of a kustomization. Its files are scanned separately. */
function* inGenerators({ secretGenerator }: Fields): Generator<FieldFinding> {
  if (!Array.isArray(secretGenerator)) return;
  for (const generator of secretGenerator.filter(isFields)) {
    const literals = Array.isArray(generator['literals']) ? generator['literals'] : [];
    for (const literal of literals.map(String)) {
      const [, key = '', written = ''] = /^([^=]*)=(.*)$/s.exec(literal) ?? [];
      const text = written.replace(/^(["'])(.*)\1$/s, '$2');
      if (isSecretValue(key, text))
        yield { field: `secretGenerator ${String(generator['name'])}, ${key}`, value: text };
    }
  }
}

/** A file from which a kustomization makes a Secret, by its path relative to the kustomization's folder. */
export interface GeneratorFile {
  readonly path: string;
  /** `env` for lines of `name=value`, `file` for a single value. */
  readonly as: 'env' | 'file';
}

export const isKustomization = (path: string): boolean => /^kustomization(\.ya?ml)?$/i.test(basename(path));

export function filesOfGenerators(content: string): readonly GeneratorFile[] {
  return documentsIn(content)
    .parsed.filter(isFields)
    .flatMap(({ secretGenerator }) => {
      const generators = Array.isArray(secretGenerator) ? secretGenerator.filter(isFields) : [];
      return generators.flatMap(({ env, envs, files }) => [
        ...listOf(env)
          .concat(listOf(envs))
          .map((path) => ({ path, as: 'env' as const })),
        ...listOf(files).map((path) => ({ path: path.replace(/^[^=]*=/, ''), as: 'file' as const })),
      ]);
    });
}

const listOf = (value: unknown): readonly string[] =>
  typeof value === 'string' ? [value] : Array.isArray(value) ? value.map(String) : [];

/** Finds credentials in the values of a file that becomes a Secret. */
export function* generatedFields({ path, as }: GeneratorFile, content: string): Generator<FieldFinding> {
  if (as === 'file') {
    const key = basename(path);
    if (isSecretValue(key, content)) yield { field: `Secret made of it, ${key}`, value: content.trim() };
    return;
  }
  for (const line of content.split(/\r?\n/)) {
    const [, key, written = ''] = /^\s*(?!#)([^=\s]+)=(.*)$/.exec(line) ?? [];
    if (key !== undefined && isSecretValue(key, written))
      yield { field: `Secret made of it, ${key}`, value: written.trim() };
  }
}
