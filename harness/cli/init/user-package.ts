import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ExplainedError, summaryOf, UsageError } from '../../model/errors.ts';

const SCRIPT_NAME = 'drill';
const SCRIPT = 'dr-contracts drill';

const manifestSchema = z.looseObject({
  type: z.string().optional(),
  scripts: z.record(z.string(), z.string()).optional(),
  dependencies: z.record(z.string(), z.string()).optional(),
  devDependencies: z.record(z.string(), z.string()).optional(),
});

/** The package.json of the project that `init` was called in. */
export interface UserPackage {
  readonly isModule: boolean;
  /** Whether the project itself depends on this package, so that its contracts can import it. */
  readonly dependsOnUs: boolean;
  /** The script of our name that is already there and does something else. */
  readonly otherScript: string | undefined;
  readonly before: string;
  /** With the script in it. */
  readonly after: string;
}

/** @throws {ExplainedError} when there is no package.json here, or it cannot be read. */
export async function readUserPackage(folder: string): Promise<UserPackage> {
  const path = join(folder, 'package.json');
  let before: string;
  try {
    before = await readFile(path, 'utf8');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    throw new UsageError(
      {
        thing: `folder ${folder}`,
        expected: 'a package.json',
        observed: 'there is none',
        nextStep: 'Go to the root of your project, or run `npm install --save-dev dr-contracts` here, which makes one.',
      },
      { cause: error },
    );
  }
  const { manifest, asWritten } = parseManifest(before);
  const written = manifest.scripts?.[SCRIPT_NAME];
  const indent = /^[ \t]+/m.exec(before)?.[0] ?? '  ';
  const after = { ...asWritten, scripts: { ...manifest.scripts, [SCRIPT_NAME]: SCRIPT } };
  return {
    isModule: manifest.type === 'module',
    dependsOnUs: { ...manifest.dependencies, ...manifest.devDependencies }['dr-contracts'] !== undefined,
    otherScript: written === undefined || written === SCRIPT ? undefined : written,
    before,
    after: written === SCRIPT ? before : inStyleOf(before, `${JSON.stringify(after, undefined, indent)}\n`),
  };
}

const BOM = '\uFEFF';

/** With the line ends of the file as it was, so that only the lines that change show up as changed. */
function inStyleOf(before: string, text: string): string {
  const withEnds = before.includes('\r\n') ? text.replaceAll('\n', '\r\n') : text;
  return before.startsWith(BOM) ? `${BOM}${withEnds}` : withEnds;
}

/** A schema puts the fields that it knows first; what is written again must keep the author's order. */
function parseManifest(text: string) {
  try {
    const asWritten = z.record(z.string(), z.unknown()).parse(JSON.parse(text.replace(BOM, '')));
    return { manifest: manifestSchema.parse(asWritten), asWritten };
  } catch (error) {
    throw new ExplainedError(
      {
        thing: 'package.json',
        expected: 'a package manifest',
        observed: `it cannot be read as one: ${summaryOf(error)}`,
        nextStep: 'Correct it, then run init again.',
      },
      { cause: error },
    );
  }
}
