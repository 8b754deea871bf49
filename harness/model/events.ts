import type { Judgement } from './record.ts';

/** What a drill says while it runs, for a live view. Proves nothing and is not recorded. */
export type DrillEvent =
  | { readonly kind: 'stage'; readonly drill: string; readonly stage: string }
  | { readonly kind: 'progress'; readonly drill: string; readonly message: string }
  | { readonly kind: 'judged'; readonly drill: string; readonly judgement: Judgement; readonly durationMs: number };

export type DrillListener = (event: DrillEvent) => void;
