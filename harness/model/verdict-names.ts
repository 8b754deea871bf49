export const verdicts = ['met', 'at-risk', 'breached', 'unproven'] as const;

export const findingNames = [
  'content',
  'rto',
  'rpo',
  'exposure',
  'destruction',
  'freshness',
  'untouched',
  'acceptance',
  'fail-back',
] as const;

/**
 * What else a drill can prove. untouched: something outside the blast radius came through disaster and restore as it was.
 * acceptance: who uses the restored asset accepts it, not merely that it is the same as before.
 */
export const assurancePromises = ['untouched', 'acceptance'] as const;

/** True for a verdict that says the promise was kept. What is not proved is not kept. */
export const isKept = (verdict: string): boolean => verdict === 'met' || verdict === 'at-risk';
