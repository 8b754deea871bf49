import type { ImportRule } from './table.ts';

interface Override {
  readonly includes: readonly string[];
  readonly linter: {
    readonly rules: {
      readonly style: {
        readonly noRestrictedImports:
          | 'off'
          | {
              readonly level: 'error';
              readonly options: {
                readonly patterns: readonly { readonly group: readonly string[]; readonly message: string }[];
              };
            };
      };
    };
  };
}

/** Maximal depth of files below the folder of their rule. */
const DEEPEST = 3;

function override(includes: readonly string[], group: readonly string[], message: string): Override {
  const noRestrictedImports = { level: 'error' as const, options: { patterns: [{ group, message }] } };
  return { includes, linter: { rules: { style: { noRestrictedImports } } } };
}

const up = (folders: number): string => '../'.repeat(folders);

/** Returns an override for each depth, because the linter compares the import as written: `../model/x.ts` or `../../model/x.ts`. */
function overridesOf(rule: ImportRule): Override[] {
  const { mayImport, folder, message } = rule;
  if (mayImport === 'everything') return [];
  const toHarness = folder.split('/').length;
  // The files of `systems/` itself: deeper files belong to a system.
  const depths = folder === 'systems' ? [0] : Array.from({ length: DEEPEST + 1 }, (_, depth) => depth);
  return depths.map((depth) => {
    const outside = Array.from({ length: toHarness }, (_, index) => up(depth + index + 1));
    const forbidden = outside.flatMap((path) => [`${path}*/**`, `${path}*.ts`]);
    const within = folder === 'systems' ? ['./*/**'] : [];
    const allowed = mayImport.flatMap((path) => {
      const prefix = `!${up(depth + toHarness)}${path}`;
      // An import from one system to another does not name the folder that contains both.
      const beside = folder === 'systems/*' ? [`!${up(depth + 1)}${path.replace(/^systems\//, '')}`] : [];
      if (path.endsWith('.ts')) return path.startsWith('systems/') ? [prefix, ...beside] : [prefix];
      return path === 'systems' ? [`${prefix}/*.ts`] : [`${prefix}/**`];
    });
    const files = `harness/${folder}/${'*/'.repeat(depth)}*.ts`;
    return override([files], [...forbidden, ...within, ...allowed, ...(rule.pure ? ['node:*'] : [])], message);
  });
}

/** Returns the part of the linter's configuration that `biome.json` extends, with a line for each override. */
export function linterRulesText(rules: readonly ImportRule[]): string {
  const lines = overrides(rules).map((each) => `  ${JSON.stringify(each)}`);
  return `{ "overrides": [\n${lines.join(',\n')}\n] }\n`;
}

function overrides(rules: readonly ImportRule[]): Override[] {
  return [
    override(
      ['contracts/**'],
      ['**/harness/**'],
      'A contract imports the public entry `dr-contracts` and nothing deeper.',
    ),
    override(
      ['fixtures/**'],
      ['**/harness/**', 'dr-contracts', '**/contracts/**'],
      'Fixtures are the platform under test: they import nothing of the project.',
    ),
    ...rules.flatMap(overridesOf),
    {
      includes: [
        'fixtures/{leaky,poor}-platform/contracts/**',
        'fixtures/{leaky,poor}-platform/*.config.ts',
        'harness/**/*.test.ts',
        'harness/**/testing/**',
        'harness/**/testing.ts',
      ],
      linter: { rules: { style: { noRestrictedImports: 'off' } } },
    },
  ];
}
