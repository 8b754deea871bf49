/** Returns the object with some of its members replaced. The other members run on the object itself, which may have private fields. */
export function instead<T extends Members, Members extends object = Partial<T>>(
  original: T,
  members: NoInfer<Members>,
): T {
  const replaced = new Map<PropertyKey, unknown>(Object.entries(members));
  return new Proxy(original, {
    get: (_, name) => {
      if (replaced.has(name)) return replaced.get(name);
      const member: unknown = Reflect.get(original, name, original);
      return typeof member === 'function' ? member.bind(original) : member;
    },
  });
}
