import { z } from 'zod';
import { KubernetesApi } from '../clients/kubernetes-api.ts';
import type { Clock } from '../clock/clock.ts';
import type { Target } from '../model/target.ts';
import { s3Store } from '../systems/s3/service.ts';
import type { Canary } from './canaries.ts';

/** Anything shorter may stand in a text by chance. */
const SHORTEST_SECRET = 12;
const PAUSE_MS = 500;

const credentialNames = /^(secretAccessKey|accessKeyId|password|pass|token|secret)$/;
const secretSchema = z.looseObject({
  metadata: z.object({ name: z.string() }),
  data: z.record(z.string(), z.string()).optional(),
});

/** Learns every secret value that exists on a target while drills use it, without asking what the harness knows. */
export class SecretWatch implements AsyncDisposable {
  readonly #found = new Map<string, string>();
  readonly #kubeconfigs = new Map<string, Promise<void>>();
  readonly #stop = new AbortController();
  readonly #clock: Clock;
  #readings = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get canaries(): readonly Canary[] {
    return [...this.#found].map(([value, origin]) => ({ origin, value }));
  }

  /** How often the Secrets of a cluster were read. */
  get readings(): number {
    return this.#readings;
  }

  /** The same target; each place that it hands out is looked at on the way. */
  async watched(target: Target): Promise<Target> {
    if (target.offers(s3Store)) this.#credentials('target', await target.place(s3Store));
    return new Proxy(target, {
      get: (_target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) => {
          const given: unknown = member.apply(target, args);
          return given instanceof Promise ? given.then((place) => this.#place(String(name), place)) : given;
        };
      },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#kubeconfigs.values());
  }

  #place(name: string, place: unknown): unknown {
    if (typeof place !== 'object') return place;
    this.#credentials(name, place);
    const { kubeconfigPath } = z.looseObject({ kubeconfigPath: z.string().optional() }).parse(place);
    if (kubeconfigPath !== undefined && !this.#kubeconfigs.has(kubeconfigPath)) {
      this.#kubeconfigs.set(kubeconfigPath, this.#readSecrets(kubeconfigPath));
    }
    return place;
  }

  #credentials(origin: string, value: unknown, depth = 0): void {
    if (typeof value !== 'object' || value === null || depth > 3) return;
    for (const [name, inner] of Object.entries(value)) {
      if (typeof inner === 'string' && credentialNames.test(name)) this.#add(`${origin}, ${name}`, inner);
      else this.#credentials(`${origin}.${name}`, inner, depth + 1);
    }
  }

  async #readSecrets(kubeconfigPath: string): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        using api = new KubernetesApi(kubeconfigPath);
        for await (const object of api.list('/api/v1/secrets', signal)) {
          const { metadata, data = {} } = secretSchema.parse(object);
          for (const [key, value] of Object.entries(data)) {
            this.#add(`Secret ${metadata.name}, ${key}`, Buffer.from(value, 'base64').toString('latin1'));
          }
        }
        this.#readings += 1;
      } catch (error) {
        // A drill takes clusters away: they cannot be read until they are back.
        if (error instanceof z.ZodError) throw error;
      }
      await this.#clock.pause(PAUSE_MS, signal).catch(() => undefined);
    }
  }

  #add(origin: string, value: string): void {
    for (const line of value.split('\n')) {
      // The first place counts: Velero's Secret repeats the credentials of the target.
      if (line.length >= SHORTEST_SECRET && !this.#found.has(line)) this.#found.set(line, origin);
    }
  }
}
