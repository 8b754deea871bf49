import type { RenderManifests } from './rendering.ts';

/**
 * Gives a part of a contract the `prepared` that makes it anew once its manifests are rendered. What somebody put in the place of a member,
 * as in `{ ...cronJob({ … }), restore }`, stays in its place.
 * @param known the part as it is before.
 */
export function preparable<P extends object>(
  known: P,
  make: (render: RenderManifests) => Promise<P>,
): P & { prepared(render: RenderManifests): Promise<P> } {
  const part = {
    ...known,
    async prepared(this: Readonly<Record<string, unknown>>, render: RenderManifests): Promise<P> {
      const own = new Map<string, unknown>(Object.entries(part));
      const replaced = Object.entries(this).filter(([name, member]) => member !== own.get(name));
      return { ...(await make(render)), ...Object.fromEntries(replaced) };
    },
  };
  return part as P & { prepared(render: RenderManifests): Promise<P> };
}
