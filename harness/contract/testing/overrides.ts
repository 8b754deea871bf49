import type { AssetKind, OpenAsset } from '../../model/asset.ts';

/** The asset with some of its methods replaced: how a test bends one step and leaves the others real. */
export function overrideAsset(kind: AssetKind, bend: (asset: OpenAsset) => Partial<OpenAsset>): AssetKind {
  return overriding(kind, {
    open: async (options) => {
      const asset = await kind.open(options);
      return overriding(asset, bend(asset));
    },
  });
}

/** The object with some methods replaced; the others are still called on the object itself, private fields and all. */
export function overriding<T extends object>(object: T, replaced: Partial<T>): T {
  return new Proxy(object, {
    get(target, property) {
      if (property in replaced) return Reflect.get(replaced, property);
      const value: unknown = Reflect.get(target, property, target);
      // Once its manifests are rendered the object is another one, and as bent as this one.
      if (property === 'prepared' && typeof value === 'function') {
        return async (...given: readonly unknown[]) => overriding(await value.apply(target, given), replaced);
      }
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
