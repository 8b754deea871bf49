import { readFile } from 'node:fs/promises';
import { normalize } from 'node:path';
import { z } from 'zod';
import { type JsonText, parseJsonText } from '../base/json-text.ts';
import { ExplainedError, summaryOf } from '../model/errors.ts';
import { parsedOptions } from '../model/options-mistake.ts';
import { platformPath } from '../process/platform-folder.ts';

/**
 * Reads a JSON document of the platform, by its path relative to the project's root.
 * @throws {ExplainedError} if it cannot be read, is not JSON, or an object in it has a duplicate name.
 */
export async function readDocument(path: string): Promise<unknown> {
  const { document, repeated } = await readPolicy(path);
  const [first] = repeated;
  if (first === undefined) return document;
  throw new ExplainedError({
    thing: `document ${path}`,
    expected: 'each name to stand once in its object',
    observed: first,
    nextStep: 'Write the name once. If both contents are meant, merge them.',
  });
}

/**
 * Reads a policy document of the platform, by its path relative to the project's root, with the duplicate names in it.
 * @throws {ExplainedError} if it cannot be read, or is not JSON.
 */
export async function readPolicy(path: string): Promise<JsonText> {
  try {
    return parseJsonText(await readFile(platformPath(path), 'utf8'));
  } catch (error) {
    throw new ExplainedError(
      {
        thing: `document ${path}`,
        expected: 'a readable JSON file',
        observed: summaryOf(error).replace(/\.$/, ''),
        nextStep: 'Correct the path in the contract, or the file.',
      },
      { cause: error },
    );
  }
}

/**
 * Parses the options of a check as its author wrote them.
 * @throws {ExplainedError} naming the first wrong field.
 */
export function parseOptions<T extends z.ZodType>(check: string, schema: T, options: unknown): z.output<T> {
  return parsedOptions(`${check}({ … })`, schema, options);
}

export const prefixSchema = z.string().regex(/^[^/].*\/$/, 'must be a key prefix that ends in "/", such as nats/');
/** Normalises paths, so that one file has one name: `./policy.json` becomes `policy.json`. */
export const pathSchema = z
  .string()
  .min(1)
  .transform((path) => normalize(path));
/** A name that is not empty. */
export const nameSchema = z.string().min(1);
