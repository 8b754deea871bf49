import { readFile } from 'node:fs/promises';
import type { Capability } from '../model/service.ts';
import type { Target } from '../model/target.ts';
import { platformPath } from '../process/platform-folder.ts';
import { providers } from '../registered/providers.ts';

export interface Lacking {
  /** In a sentence: what was unset, why, and what to write. */
  readonly said: string;
  /** True where the script or its message shows that it uses them. */
  readonly isCertain: boolean;
}

/**
 * Which addresses a script of the platform may have missed, because nobody asked the target for them: a run starts only the parts of a
 * target that something in it needs.
 * @param script its path from the platform's folder
 * @param asked what was asked for: where the target lacks it all the same, the reason is another one
 * @param nextStep names the place of the contract, from the needs in TypeScript (`['s3']`)
 */
export async function lackingAddresses(
  {
    script,
    message,
    asked,
    nextStep,
  }: {
    readonly script: string;
    readonly message: string;
    readonly asked: readonly Capability[];
    readonly nextStep: (needs: string) => string;
  },
  { capabilities }: Pick<Target, 'capabilities'>,
): Promise<Lacking | undefined> {
  const unset = providers().flatMap(({ capability: need, addresses }) =>
    addresses === undefined || capabilities.includes(need) || asked.includes(need) ? [] : [{ need, ...addresses }],
  );
  if (unset.length === 0) return undefined;
  const written = await readFile(platformPath(script), 'utf8').catch(() => '');
  const text = `${written.replaceAll(/^\s*(#|\/\/).*$/gm, '')}\n${message}`;
  const shown = unset.filter(({ signs }) => signs.test(text));
  const told = shown.length > 0 ? shown : unset;
  const variables = told.map((each) => each.variables).join(', ');
  const needs = `[${told.map(({ need }) => `'${need}'`).join(', ')}]`;
  const when = shown.length > 0 ? '' : 'where the script uses them, ';
  return {
    said: `${variables} were not set, because nothing here needs ${told.map(({ need }) => need).join(' and ')}: ${when}${nextStep(needs)}`,
    isCertain: shown.length > 0,
  };
}
