export const targetNames = ['local', 'docker'] as const;
export type TargetName = (typeof targetNames)[number];

/** What a user may ask for; `auto` leaves the choice to the machine. */
export const targetWishes = ['auto', ...targetNames] as const;
export type TargetWish = (typeof targetWishes)[number];
