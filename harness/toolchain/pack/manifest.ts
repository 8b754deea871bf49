import { z } from 'zod';

// A pack is a gzipped tar file of regular files alone. The first is the manifest. The others follow in the order in which it lists
// them, each named by its entry and its path. Permissions and times are those of the manifest; what the tar headers say of them is not used.

export const MANIFEST = 'manifest.json';
/** LocalStack's 25,000 files take 5 MB. */
export const MOST_MANIFEST_BYTES = 2 ** 26;

/** A relative path without a way out: no empty part, no `.`, no `..`, nothing absolute, no control character. */
const pathSchema = z
  .string()
  .max(1_024)
  .refine(
    (path) =>
      path.split('/').every((part) => part !== '' && part !== '.' && part !== '..') && !/[\\\p{Cc}]/u.test(path),
    'is no path inside of the pack',
  );

const fileSchema = z.strictObject({
  path: pathSchema,
  sizeBytes: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  executable: z.boolean(),
  /** Python compiles a source anew when its time is not the one that it was compiled at. */
  mtimeS: z.int().nonnegative(),
});
export type PackedFile = z.infer<typeof fileSchema>;

const entrySchema = z.strictObject({
  /** Names pins, platform and flags, and is the same on every machine. */
  name: z.string().regex(/^[\w.+-]{1,200}$/),
  /** For a virtual environment: the version of Python that its packages need, e.g. `3.11`. */
  python: z
    .string()
    .regex(/^3\.\d+$/)
    .optional(),
  files: z.array(fileSchema).min(1),
});
export type PackedEntry = z.infer<typeof entrySchema>;

export const manifestSchema = z.strictObject({
  format: z.literal('dr-contracts-toolchain'),
  formatVersion: z.literal(1),
  platform: z.string(),
  entries: z.array(entrySchema).min(1),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** The name of a file in the tar file. */
export const nameInPack = (entry: Pick<PackedEntry, 'name'>, file: Pick<PackedFile, 'path'>): string =>
  `${entry.name}/${file.path}`;

/**
 * The system, the processor and, where there is more than one, the C library: compiled Python packages are for one of them.
 * @example linux-x64-glibc
 */
export function packPlatform(): string {
  const machine = `${process.platform}-${process.arch}`;
  if (process.platform !== 'linux') return machine;
  const report: { readonly header?: { readonly glibcVersionRuntime?: unknown } } = process.report.getReport();
  return `${machine}-${report.header?.glibcVersionRuntime === undefined ? 'musl' : 'glibc'}`;
}
