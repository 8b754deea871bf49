import { z } from 'zod';
import { auditNotesSchema, cadenceMsSchema, ranBySchema } from '../model/audit.ts';
import { drillRecordSchema } from '../model/record.ts';
import { runRecordSchema } from '../model/run-record.ts';
import { isBlank } from '../model/text.ts';

// Entries of a project's ledger: one for each event. The gate, the reports and the exports read only these. `evidence/ledger` signs, chains
// and stores entries.

const utc = z.iso.datetime();
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);

/** A promise, as the project stated it when a run began. */
export const promiseSchema = z.object({
  contract: z.string(),
  file: z.string().nullable().describe('The contract file, from the project folder.'),
  priority: z.string(),
  owner: z.string(),
  controls: z.array(z.string()),
  disasters: z.array(z.string()),
  cadenceMs: cadenceMsSchema.nullable().describe('How often the contract promises a proof; null if it does not.'),
  audit: auditNotesSchema.optional(),
  inputs: z
    .array(z.object({ path: z.string(), digest }))
    .describe(
      'The contract file, the scripts and the manifests, sorted by path. A proof holds until one of them changes.',
    ),
});

/** An earlier entry of the same ledger. */
const entryReference = z.object({ sequence: z.number().int().positive(), digest });

export const signOffOutcomes = ['accepted', 'rejected'] as const;

/** A run record without its drills: each drill has an entry of its own. */
const runWithoutDrills = runRecordSchema.omit({ drills: true });

export const entryBodySchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('run-started'),
    runId: z.string(),
    at: utc,
    command: z.string(),
    trigger: z.string(),
    ranBy: ranBySchema,
    commit: z.string().nullable(),
    dirty: z.boolean().nullable(),
    harnessVersion: z.string(),
    measurementVersion: z.number().int().positive(),
    promises: z.array(promiseSchema).describe('Every promise of the project, whether this run drills it or not.'),
    selected: z.array(z.string()).nullable().describe('Contracts that were asked for by name; null for all.'),
  }),
  z.object({
    kind: z.literal('drill'),
    runId: z.string(),
    at: utc,
    measurementVersion: z.number().int().positive(),
    record: drillRecordSchema,
  }),
  z.object({ kind: z.literal('run-finished'), runId: z.string(), at: utc, run: runWithoutDrills }),
  z.object({
    kind: z.literal('run-killed'),
    runId: z.string(),
    at: utc.describe('When the next run found it.'),
    run: runWithoutDrills,
  }),
  z.object({
    kind: z.literal('key-changed'),
    at: utc,
    to: z.object({ keyId: z.string(), publicKeyPem: z.string() }),
    reason: z.string(),
  }),
  z.object({
    kind: z.literal('sign-off'),
    at: utc,
    runId: z.string().nullable().describe('The run that was reviewed; null where it was one contract.'),
    contract: z.string().nullable().optional().describe('The contract whose last drills were reviewed.'),
    reviewer: z.string(),
    role: z.string().optional(),
    outcome: z.enum(signOffOutcomes),
    comment: z.string(),
    reviewed: z
      .array(entryReference.extend({ contract: z.string(), disaster: z.string().nullable() }))
      .optional()
      .describe('The entries that were reviewed, by contract and disaster.'),
  }),
  z.object({
    kind: z.literal('deviation'),
    at: utc,
    contract: z.string(),
    disaster: z.string().nullable(),
    drillId: z.string().nullable().describe('The drill that showed it.'),
    cause: z.string(),
    correctiveAction: z.string(),
    owner: z.string(),
    due: z.iso.date(),
    ticket: z.string().nullable(),
  }),
  z.object({
    kind: z.literal('deviation-closed'),
    at: utc,
    deviation: entryReference.describe('The entry that opened it.'),
    retest: entryReference
      .extend({ runId: z.string(), drillId: z.string().nullable(), verdict: z.string() })
      .describe('The drill that was met since; for a posture contract, the entry that ends the run of its checks.'),
    closedBy: z.string(),
    comment: z.string(),
  }),
  z
    .object({
      kind: z.literal('checkpoint'),
      at: utc,
      removedThrough: z.number().int().positive().describe('Entries 1 to this one were removed.'),
      digest: digest.describe(
        'Digest of the last removed entry, which the first remaining entry names as its predecessor.',
      ),
      removedBefore: utc.describe('Every removed entry is dated before this time.'),
      keepDays: z.number().int().positive(),
    })
    .describe('Allows old entries to be removed: the rest of the chain begins after the entry that this one names.'),
]);

/** Texts that a person must give in an entry. */
const REQUIRED_TEXTS: Readonly<Record<string, readonly string[]>> = {
  'key-changed': ['reason'],
  'sign-off': ['reviewer', 'role'],
  deviation: ['cause', 'correctiveAction', 'owner', 'ticket'],
  'deviation-closed': ['closedBy'],
};

/** The schema of a new entry. Older entries with blank texts stay readable. */
export const newEntryBodySchema = entryBodySchema.superRefine((body, context) => {
  for (const field of REQUIRED_TEXTS[body.kind] ?? []) {
    const text: unknown = Reflect.get(body, field);
    if (typeof text !== 'string' || !isBlank(text)) continue;
    context.addIssue({ code: 'custom', path: [field], message: 'must be a text that is not blank' });
  }
});

export type PromiseFacts = z.infer<typeof promiseSchema>;
export type EntryBody = z.infer<typeof entryBodySchema>;
export type EntryReference = z.infer<typeof entryReference>;
export type EntryOf<Kind extends EntryBody['kind']> = Extract<EntryBody, { kind: Kind }>;

/** Returns whether a person writes such entries about runs. A key for these need not be a key for drills. */
export const isReview = ({ kind }: Pick<EntryBody, 'kind'>): boolean =>
  kind === 'sign-off' || kind === 'deviation' || kind === 'deviation-closed';

/** An entry from the ledger. */
export interface LedgerEntry {
  /** From 1, without gaps. */
  readonly sequence: number;
  /** `sha256:…` of the stored entry. The next entry names it as its predecessor. */
  readonly digest: string;
  /** Digest of the entry before; null in the first one. */
  readonly previous: string | null;
  /** Key identity (sha256 of the public key, hex) of the signature; null if the entry is not signed. */
  readonly keyId: string | null;
  readonly body: EntryBody;
  /** The tested commit, and the artefacts that the caller named. */
  readonly subjects?: readonly LedgerSubject[];
}

/** A tested artefact, with its digests by algorithm: `{ gitCommit: '…' }`, `{ sha256: '…' }`. */
export interface LedgerSubject {
  readonly name: string;
  readonly digest: Readonly<Record<string, string>>;
}

/**
 * The version of the measurement of times and losses. Increased when figures of older records have another meaning than
 * today's. Figures of different versions are never compared. Version 2 takes two backups in a drill; if the older one is restored, losses
 * count up to the capture of the newer one.
 */
export const MEASUREMENT_VERSION = 2;

/** Tolerated difference between clocks of different machines. */
export const CLOCK_SKEW_MS = 300_000;

// Keys of promises for counting results: the contract, and one of its disasters.

/** The name in place of a disaster for posture contracts, in exports, metrics and history. */
export const POSTURE = 'posture';

/** Returns the unique key of a promise. Posture contracts use `null` or {@link POSTURE}; each reader uses only one of them. */
export const promiseKey = (contract: string, disaster: string | null): string => JSON.stringify([contract, disaster]);

/** The disasters of a promise; {@link POSTURE} alone for a posture contract, which names none. */
export const placesOf = ({ disasters }: Pick<PromiseFacts, 'disasters'>): readonly string[] =>
  disasters.length === 0 ? [POSTURE] : disasters;

// The promised cadence of proofs, and the count of missing ones. `verify` and the gate share it.

/** Tolerated delay of a proof as a share of the cadence, or an hour if that is longer: the duration of runs varies. */
const LATE_SHARE = 0.1;
const LATE_MS = 3_600_000;

/** Returns the maximum age of the last proof before a scheduled run counts as missing. */
export const oldestProofMs = (cadenceMs: number): number => cadenceMs + Math.max(cadenceMs * LATE_SHARE, LATE_MS);

/**
 * Returns the number of scheduled runs that are missing between two moments; 0 if the later one is in time.
 * @param isProved whether the later moment is itself a proof, which replaces the last of them.
 */
export function missingRuns(gapMs: number, cadenceMs: number, isProved: boolean): number {
  if (gapMs <= oldestProofMs(cadenceMs)) return 0;
  return Math.max(1, Math.floor(gapMs / cadenceMs) - (isProved ? 1 : 0));
}
