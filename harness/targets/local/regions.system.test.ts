import { inject } from 'vitest';
import { systemClock } from '../../clock/clock.ts';
import { attachTo } from '../attach.ts';
import { regionsBehave } from '../testing/regions-behave.ts';
import { processes } from './attach.ts';

const { handle } = inject('drContracts');
const target = attachTo(processes, handle, { clock: systemClock });

regionsBehave(() => target);
