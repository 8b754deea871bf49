import type { FailoverSettings } from '../../procedures/failover-options.ts';

const of = (name: string): string => `fixtures/platform/scripts/regions/${name}.mjs`;

/** The platform's own failover, with the pace of a drill. */
export const regionScripts: FailoverSettings = {
  mirror: of('mirror'),
  detect: of('detect'),
  decide: of('decide'),
  promote: of('promote'),
  redirect: of('redirect'),
  start: of('start'),
  rejoin: of('rejoin'),
  failBack: of('fail-back'),
  environment: { HEALTH_CHECK_EVERY_MS: '100' },
};
