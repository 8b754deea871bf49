import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { z } from 'zod';
import { ExplainedError } from '../model/errors.ts';
import { optionsMistake } from '../model/options-mistake.ts';
import { type Plan, planHolderForms, planSchema } from '../model/plan.ts';
import { suggestion } from '../model/text.ts';
import type { Project } from '../project/prepare-run.ts';
import { explaining, unlessMissing } from '../reporting/system-error.ts';
import { targetNames } from '../targets/wishes.ts';

const SHOWN = 'Correct the plan; docs/plan.md shows one.';

/** @throws {ExplainedError} when the configuration names none, or the named file is no plan. */
export async function readPlan({ folder, config }: Pick<Project, 'folder' | 'config'>): Promise<Plan> {
  if (config.plan === undefined) {
    throw new ExplainedError({
      thing: 'the configuration',
      expected: 'to name the file of a plan in `plan`',
      observed: 'it names none',
      nextStep: "Name it in dr-contracts.config.ts: plan: 'plan.json'. docs/plan.md shows one.",
    });
  }
  const thing = `plan ${config.plan}`;
  const path = resolve(folder, config.plan);
  const text = await explaining(thing, () => unlessMissing(() => readFile(path, 'utf8')));
  if (text === undefined) {
    throw new ExplainedError({
      thing,
      expected: 'the file that `plan` in the configuration names',
      observed: `there is none at ${path}`,
      nextStep:
        'Write it as docs/plan.md shows, or correct `plan`: its path is relative to the folder of the configuration.',
    });
  }
  return planIn(text, thing);
}

/**
 * Parses the plan in that text.
 * @param thing name of the file for a reader.
 * @throws {ExplainedError} that names the line and the field.
 */
function planIn(text: string, thing: string): Plan {
  const content = jsonIn(text, thing);
  refuseOddHolders(content, thing);
  const parsed = planSchema.safeParse(content);
  if (!parsed.success) {
    throw optionsMistake({
      thing,
      schema: planSchema,
      options: content,
      error: parsed.error,
      whole: 'the plan',
      nextStep: SHOWN,
    });
  }
  for (const { id, heldBy } of parsed.data.lines) {
    for (const { on } of heldBy) if (on !== undefined) refuseUnknownTarget(on, `${thing}: line ${id}`);
  }
  return parsed.data;
}

function jsonIn(text: string, thing: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const observed = text.trim() === '' ? 'it is empty' : error instanceof Error ? error.message : String(error);
    throw new ExplainedError({ thing, expected: 'JSON', observed, nextStep: SHOWN }, { cause: error });
  }
}

const linesForm = z.object({
  lines: z.array(z.object({ id: z.string().optional(), heldBy: z.array(z.record(z.string(), z.unknown())) })),
});
/** Kind of holder, by its field. */
const KIND_OF = new Map<string, keyof typeof planHolderForms>([
  ['contract', 'contract'],
  ['posture', 'posture'],
  ['test', 'test'],
  ['disaster', 'contract'],
  ['check', 'posture'],
  ['name', 'test'],
]);

/** Checks a holder against the schema of its own kind: the union of all three would give a message about another kind. */
function refuseOddHolders(content: unknown, thing: string): void {
  const lines = linesForm.safeParse(content).data?.lines ?? [];
  for (const [number, { id, heldBy }] of lines.entries()) {
    for (const [index, holder] of heldBy.entries()) {
      const at = `${thing}: holder ${index + 1} of line ${id ?? number + 1}`;
      const [kind] = [...KIND_OF].flatMap(([field, of]) => (field in holder ? [of] : []));
      if (kind === undefined) throw ofNoKind(at, Object.keys(holder));
      const schema = planHolderForms[kind];
      const parsed = schema.safeParse(holder);
      if (parsed.success) continue;
      throw optionsMistake({ thing: at, schema, options: holder, error: parsed.error, whole: 'it', nextStep: SHOWN });
    }
  }
}

const ofNoKind = (thing: string, fields: readonly string[]): ExplainedError =>
  new ExplainedError({
    thing,
    expected: '`contract` and `disaster`, `posture` and `check`, or `test` and `name`',
    observed:
      fields.length === 0
        ? 'it has no fields'
        : `it has only ${fields.map((field) => `"${field}"${suggestion(field, [...KIND_OF.keys()])}`).join(', ')}`,
    nextStep: SHOWN,
  });

function refuseUnknownTarget(on: string, thing: string): void {
  const known: readonly string[] = targetNames;
  if (known.includes(on)) return;
  throw new ExplainedError({
    thing,
    expected: `\`on\` to be one of the targets ${known.join(', ')}`,
    observed: `it is "${on}"${suggestion(on, known)}`,
    nextStep: 'Correct it, or leave it out: the line is then held on any target.',
  });
}
