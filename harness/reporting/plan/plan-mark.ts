/** Stands at the beginning of every page of a plan that `dr-contracts plan` wrote. */
export const PLAN_MARK = '<!-- Written by `npx dr-contracts plan`';
