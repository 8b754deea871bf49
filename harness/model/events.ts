import type { Judgement } from './record.ts';

/** Progress message of a running drill, for a live view. It proves nothing and is not recorded. */
export type DrillEvent =
  | { readonly kind: 'stage'; readonly drill: string; readonly stage: string }
  | { readonly kind: 'progress'; readonly drill: string; readonly message: string }
  | { readonly kind: 'judged'; readonly drill: string; readonly judgement: Judgement; readonly durationMs: number };

export type DrillListener = (event: DrillEvent) => void;
