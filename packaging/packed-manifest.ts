import { z } from 'zod';

/** What of package.json concerns those who install the package. The rest, scripts and development tools, stays at home. */
const manifestSchema = z.looseObject({
  exports: z.record(z.string(), z.string()),
  scripts: z.unknown().optional(),
  allowScripts: z.unknown().optional(),
  devDependencies: z.unknown().optional(),
});

const SOURCE = /^\.\/harness\/(.+)\.ts$/;

/**
 * The manifest as it is packed: each export that is TypeScript here is what was compiled from it.
 *
 * npm does not let `publishConfig` replace `exports`, and Node refuses to strip types below node_modules
 * (ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING), so the two manifests have to differ.
 */
export function packedManifest(manifest: unknown): Readonly<Record<string, unknown>> {
  const {
    exports,
    scripts: _scripts,
    allowScripts: _allowed,
    devDependencies: _tools,
    ...rest
  } = manifestSchema.parse(manifest);
  const compiled = Object.entries(exports).map(([name, path]) => {
    const module = SOURCE.exec(path)?.[1];
    if (module === undefined) return [name, path] as const;
    return [name, { types: `./dist/${module}.d.ts`, default: `./dist/${module}.js` }] as const;
  });
  return { ...rest, exports: Object.fromEntries(compiled) };
}

/** The declarations of the exports, as paths in the folder of what was compiled. */
export const declarationsOf = (manifest: unknown): readonly string[] =>
  Object.values(manifestSchema.parse(manifest).exports).flatMap((path) => {
    const module = SOURCE.exec(path)?.[1];
    return module === undefined ? [] : [`${module}.d.ts`];
  });
