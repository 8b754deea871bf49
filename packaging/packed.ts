import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import { rootFolder } from './places.ts';

const packedSchema = z.object({
  filename: z.string(),
  size: z.number(),
  files: z.array(z.object({ path: z.string() })),
});

export type Packed = z.output<typeof packedSchema> & { readonly tarball: string };

/** Packs the source tree into a folder. While npm packs, the source tree has another manifest. */
export async function packInto(folder: string): Promise<Packed> {
  const args = ['pack', '--json', '--silent', '--pack-destination', folder];
  const { stdout } = await execa('npm', args, { cwd: rootFolder, stderr: 'inherit' });
  const [packed] = z.tuple([packedSchema]).parse(JSON.parse(stdout));
  return { ...packed, tarball: join(folder, packed.filename) };
}

/** As on a user's machine: npm scripts of the source tree put its own programs first on PATH. */
export const searchPath = (process.env['PATH'] ?? '').split(delimiter).filter((part) => !part.includes('node_modules'));

/** Without install scripts, as npm does from release 12 on: the package depends on none. */
export const QUIET = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'];
