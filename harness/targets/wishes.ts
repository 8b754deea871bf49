export const targetNames = ['local', 'docker'] as const;
export type TargetName = (typeof targetNames)[number];

/** Targets that a user may request; `auto` lets the machine's equipment decide. */
export const targetWishes = ['auto', ...targetNames] as const;
export type TargetWish = (typeof targetWishes)[number];
