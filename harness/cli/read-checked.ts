import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { ExplainedError } from '../model/errors.ts';
import { issuesInWords } from '../model/text.ts';
import { explaining } from '../reporting/system-error.ts';

/**
 * Reads a JSON file that the command line names.
 * @param what content of the file: "run record".
 * @throws {ExplainedError} that names the field, for a file that cannot be read, is not JSON, or has other content.
 */
export async function readChecked<T>(path: string, what: string, schema: z.ZodType<T>, nextStep: string): Promise<T> {
  const thing = `${what} ${path}`;
  const wrong = (expected: string, observed: string, cause: unknown) =>
    new ExplainedError({ thing, expected, observed, nextStep }, { cause });
  const text = await explaining(thing, () => readFile(path, 'utf8'));
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw wrong('JSON', error instanceof Error ? error.message : String(error), error);
  }
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  throw wrong(`a ${what} of this version`, issuesInWords(parsed.error), parsed.error);
}
