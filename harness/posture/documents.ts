import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { ExplainedError, summaryOf } from '../model/errors.ts';
import { optionsMistake } from '../model/options-mistake.ts';
import { platformPath } from '../process/platform-folder.ts';

/**
 * A JSON document of the platform, by its path from the project's root.
 * @throws {ExplainedError} when it cannot be read, or is no JSON.
 */
export async function readDocument(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(platformPath(path), 'utf8'));
  } catch (error) {
    throw new ExplainedError(
      {
        thing: `document ${path}`,
        expected: 'a readable JSON file',
        observed: summaryOf(error),
        nextStep: 'Correct the path in the contract, or the file.',
      },
      { cause: error },
    );
  }
}

/**
 * The options of a check as its author wrote them.
 * @throws {ExplainedError} naming the first field that is wrong.
 */
export function parseOptions<T extends z.ZodType>(check: string, schema: T, options: unknown): z.output<T> {
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  throw optionsMistake({ thing: `${check}({ … })`, schema, options, error: parsed.error });
}

export const prefixSchema = z.string().regex(/^[^/].*\/$/, 'must be a key prefix that ends in "/", such as nats/');
export const pathSchema = z.string().min(1);
export const nameSchema = z.string().min(1);
