import { inject } from 'vitest';
import { systemClock } from '../../clock/clock.ts';
import { regionsBehave } from '../testing/regions-behave.ts';
import { attachLocalTarget } from './attach.ts';

const { handle } = inject('drContracts');
const target = attachLocalTarget(handle, { clock: systemClock });

regionsBehave(() => target);
