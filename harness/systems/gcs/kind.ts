import { z } from 'zod';
import type { WaysOf } from '../../model/access.ts';
import type { AssetKind } from '../../model/asset.ts';
import { NotProvableHereError } from '../../model/errors.ts';
import { parsedOptions } from '../../model/options-mistake.ts';
import { formatSize, parseSizeBytes } from '../../model/units.ts';
import { disasters } from './disasters.ts';
import type { BucketSpec } from './plan.ts';

const schema = z.strictObject({
  /** Number of seeded objects. */
  objects: z.number().int().min(1).max(1_000_000),
  /** Size of the largest object, e.g. `1MiB`. */
  largest: z.string().default('1MiB'),
  /** Retention policy against deletion. No server of a target enforces it, so the drill is `unproven`. */
  retention: z.strictObject({ days: z.number().int().positive() }).optional(),
  /** Objects on hold, `temporary` or `event-based`. As with `retention`, the drill is `unproven`. */
  holds: z.enum(['temporary', 'event-based']).optional(),
  /** Time in which deleted objects can be recovered. As with `retention`, the drill is `unproven`. */
  softDelete: z.strictObject({ days: z.number().int().positive() }).optional(),
});
type GcsBucketOptions = z.input<typeof schema>;

/**
 * Returns a Google Cloud Storage bucket with object versioning, made for the drill. It contains awkward names, an empty object, metadata,
 * earlier generations and deleted objects.
 * @throws {ContractMistakeError} for impossible options.
 */
export function gcsBucket(options: GcsBucketOptions): AssetKind<WaysOf<typeof disasters>> {
  const { objects, largest, ...guards } = parsedOptions('gcsBucket()', schema, options);
  const guarded = Object.keys(guards).filter((name) => Object.hasOwn(guards, name));
  const spec: BucketSpec = { objects, largestBytes: parseSizeBytes(largest) };
  return {
    system: 'gcs',
    description: `versioned GCS bucket of ${objects.toLocaleString('en')} objects up to ${formatSize(spec.largestBytes)}`,
    inScope: [
      'live objects: content, content headers, custom metadata',
      'every generation that was there before the disaster, unless the region is lost',
      'objects that were deleted before the disaster stay deleted',
    ],
    outOfScope: [
      'holds, retention policies and soft delete: no emulator enforces them',
      'bucket settings, IAM and access control lists',
      'encryption keys',
      'storage class transitions',
    ],
    needs: ['gcs'],
    disasters,
    protectedCount: objects,
    // The client is loaded here, because listing contracts does not need it.
    async open(open) {
      if (guarded.length > 0) throw notEnforced(guarded);
      return await (await import('./bucket.ts')).openBucket(spec, open);
    },
  };
}

const notEnforced = (guards: readonly string[]): NotProvableHereError =>
  new NotProvableHereError({
    thing: `gcsBucket({ ${guards.join(', ')} })`,
    expected: 'a server that enforces holds, retention and soft delete',
    observed: 'the target has fake-gcs-server, which enforces none of them',
    nextStep: `Leave out ${guards.join(' and ')} to prove content and restores, and prove immutability on a real Google bucket.`,
  });
