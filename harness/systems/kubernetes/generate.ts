import { createCipheriv, createHash } from 'node:crypto';
import { ExplainedError } from '../../model/errors.ts';
import {
  isJsonArray,
  isJsonObject,
  type Json,
  type JsonObject,
  type ManifestObject,
  manifestObject,
  toJson,
} from './objects.ts';

const PLACEHOLDER = /REPLACE_WITH_[A-Z0-9_]+/g;
export const NAMESPACE_PLACEHOLDER = 'REPLACE_WITH_NAMESPACE';

/** Returns pseudo-random bytes that depend only on the name: drills are repeatable, and no two drills share a value. */
export function bytesFor(name: string, sizeBytes: number): Buffer {
  const key = createHash('sha256').update(name).digest();
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(sizeBytes));
}

/**
 * Returns the manifest with filled placeholders: the namespace everywhere, generated values in Secrets.
 * @throws {ExplainedError} for a placeholder anywhere else, because its value is unknown.
 */
export function fillPlaceholders(manifest: ManifestObject, namespace: string, drillId: string): ManifestObject {
  const fill = (value: Json, path: string): Json => {
    if (isJsonObject(value)) {
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fill(inner, `${path}.${key}`)]));
    }
    if (isJsonArray(value)) return value.map((inner, index) => fill(inner, `${path}[${index}]`));
    if (typeof value !== 'string') return value;
    return value.replaceAll(PLACEHOLDER, (placeholder) => {
      if (placeholder === NAMESPACE_PLACEHOLDER) return namespace;
      const name = `${manifest.kind} ${manifest.metadata.name}`;
      if (manifest.kind !== 'Secret' || !path.startsWith('.stringData.')) {
        throw new ExplainedError({
          thing: name,
          expected: 'placeholders only under stringData of Secrets',
          observed: `${placeholder} stands at ${path.slice(1)}`,
          nextStep: 'Write a value there, or move it into a Secret.',
        });
      }
      return bytesFor(`${drillId}/${name}/${placeholder}`, 24).toString('base64url');
    });
  };
  return manifestObject.parse(fill(toJson(manifest), ''));
}

const SECRET_TYPES = ['Opaque', 'kubernetes.io/basic-auth', 'kubernetes.io/tls', 'kubernetes.io/ssh-auth'] as const;
const TEAMS = ['orders', 'payments', 'search', 'identity', 'billing'] as const;

/** The Secret with that number: types by turns, always with one binary value. */
export function generateSecret(index: number, drillId: string): ManifestObject {
  const name = `secret-${numbered(index)}`;
  const value = (key: string, sizeBytes: number) => bytesFor(`${drillId}/${name}/${key}`, sizeBytes).toString('base64');
  const type = SECRET_TYPES[index % SECRET_TYPES.length] ?? 'Opaque';
  const sizeBytes = 32 + (index % 7) * 200;
  const data = {
    Opaque: () => ({ token: value('token', 40), 'key.bin': value('key.bin', sizeBytes) }),
    'kubernetes.io/basic-auth': () => ({ username: value('username', 8), password: value('password', 24) }),
    'kubernetes.io/tls': () => ({ 'tls.crt': value('tls.crt', 1_200), 'tls.key': value('tls.key', 1_700) }),
    'kubernetes.io/ssh-auth': () => ({ 'ssh-privatekey': value('ssh-privatekey', 400) }),
  }[type]();
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, ...describedBy(index) }, type, data };
}

/** The ConfigMap with that number: text in several sizes, every fourth with binary data too. */
export function generateConfigMap(index: number, drillId: string): ManifestObject {
  const name = `config-${numbered(index)}`;
  const text = (key: string, sizeBytes: number) => bytesFor(`${drillId}/${name}/${key}`, sizeBytes).toString('hex');
  const binaryData: JsonObject =
    index % 4 === 0 ? { 'blob.bin': bytesFor(`${drillId}/${name}/blob`, 256).toString('base64') } : {};
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, ...describedBy(index) },
    data: {
      'settings.ini': `[service]\nid=${index}\nkey=${text('settings', 16)}\n`,
      payload: text('payload', payloadBytes(index)),
    },
    ...(Object.keys(binaryData).length > 0 ? { binaryData } : {}),
  };
}

const payloadBytes = (index: number): number => 64 + (index % 11) * 180;

/** Another payload of the same size for the ConfigMap with that number. */
export const otherPayload = (index: number, drillId: string): string =>
  bytesFor(`${drillId}/config-${numbered(index)}/another payload`, payloadBytes(index)).toString('hex');

function describedBy(index: number): { labels: Record<string, string>; annotations: Record<string, string> } {
  return {
    labels: { 'kgents.dev/team': TEAMS[index % TEAMS.length] ?? 'orders', 'kgents.dev/generated': 'true' },
    annotations: { 'kgents.dev/index': String(index) },
  };
}

/** Returns a padded number, so that names sort like numbers. */
function numbered(index: number): string {
  return String(index).padStart(6, '0');
}
