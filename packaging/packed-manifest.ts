import { z } from 'zod';

/** The part of package.json for users of the package. Scripts and development tools stay out. */
const manifestSchema = z.looseObject({
  exports: z.record(z.string(), z.string()),
  scripts: z.unknown().optional(),
  allowScripts: z.unknown().optional(),
  devDependencies: z.unknown().optional(),
});

const SOURCE = /^\.\/harness\/(.+)\.ts$/;

/**
 * Returns the packed manifest: each TypeScript export is replaced by its compiled file.
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

/** Returns the declarations of the exports, as paths in the folder of compiled files. */
export const declarationsOf = (manifest: unknown): readonly string[] =>
  Object.values(manifestSchema.parse(manifest).exports).flatMap((path) => {
    const module = SOURCE.exec(path)?.[1];
    return module === undefined ? [] : [`${module}.d.ts`];
  });
