import type { AssetKind, OpenAsset } from '../../model/asset.ts';

/** Returns the asset with some of its methods replaced, so that a test changes one step and keeps the others real. */
export function overrideAsset(kind: AssetKind, bend: (asset: OpenAsset) => Partial<OpenAsset>): AssetKind {
  return overriding(kind, {
    open: async (options) => {
      const asset = await kind.open(options);
      return overriding(asset, bend(asset));
    },
  });
}

/** Returns the object with some methods replaced; the others are still called on the object itself, including its private fields. */
export function overriding<T extends object>(object: T, replaced: Partial<T>): T {
  return new Proxy(object, {
    get(target, property) {
      if (property in replaced) return Reflect.get(replaced, property);
      const value: unknown = Reflect.get(target, property, target);
      // Rendering its manifests returns another object, which gets the same replacements.
      if (property === 'prepared' && typeof value === 'function') {
        return async (...given: readonly unknown[]) => overriding(await value.apply(target, given), replaced);
      }
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
